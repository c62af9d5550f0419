package dev.headroom.scaling.log;

import java.util.Arrays;

/**
 * Holds the rows of a run in columns, at most 2^20 of them: beyond that neighbours are merged.
 *
 * <p>When the rows are full, each two neighbours become one, and every later row joins the last one
 * until that holds as many rows as the others; so a row stands for 2, 4, 8, ... lines of the log.
 * It keeps
 *
 * <ul>
 *   <li>the step of its last line, as a logger that averages over its interval writes it, and with
 *       it tokens and time, so that these stay exactly paired;
 *   <li>the mean of the losses (and of learning rate, gradient norm, ...), whose noise falls as
 *       that of any mean while a trend stays;
 *   <li>a NaN or an infinity among them instead of the mean, so that no rule on finite values
 *       misses one line of a billion;
 *   <li>the highest loss and its step. Where it stands out from the mean by more than 8 standard
 *       deviations of a single line (taken robustly from the lines before the first merge, by their
 *       differences), it becomes a row of its own again, so that a spike of one line is not
 *       averaged away; of pure noise one line in 10^15 stands out so far.
 * </ul>
 *
 * <p>Memory: 36 bytes a row and 8 for each further column.
 */
final class RunRows {
  /** Most rows kept. */
  static final int MOST = 1 << 20;

  private static final int MOST_PEAKS = 1 << 16;
  private static final double STANDS_OUT = 8;

  long[] step = new long[1024];
  double[] loss = new double[1024];
  final double[][] cells;
  int size;
  private final boolean[] last;
  private int[] lines;
  private double[] peak;
  private long[] peakStep;
  private int most = 1;
  private double noise;

  /**
   * Makes the rows.
   *
   * @param last for each further column whether the last value stands for merged rows, not the mean
   */
  RunRows(boolean[] last) {
    this.last = last;
    cells = new double[last.length][1024];
  }

  /** Makes room for one more row. */
  void grow() {
    if (size == step.length) {
      int n = 2 * size;
      step = Arrays.copyOf(step, n);
      loss = Arrays.copyOf(loss, n);
      for (int c = 0; c < cells.length; c++) {
        cells[c] = Arrays.copyOf(cells[c], n);
      }
      if (lines != null) {
        lines = Arrays.copyOf(lines, n);
        peak = Arrays.copyOf(peak, n);
        peakStep = Arrays.copyOf(peakStep, n);
      }
    }
  }

  boolean isFull() {
    return size == MOST;
  }

  /** Returns how many lines a row stands for at most, 1 as long as nothing was merged. */
  int linesEach() {
    return most;
  }

  /** Keeps the row just written behind the others, as one of its own or in the last one. */
  void append(boolean mayJoin) {
    if (most > 1) {
      lines[size] = 1;
      peak[size] = loss[size];
      peakStep[size] = step[size];
      if (mayJoin && size > 0 && lines[size - 1] < most) {
        join(size - 1, size);
        return;
      }
    }
    size++;
  }

  /** Lays row b over row a of the same step: what b holds wins, what it lacks stays. */
  void lay(int a, int b) {
    if (!Run.isAbsent(loss[b])) {
      loss[a] = loss[b];
    }
    for (double[] column : cells) {
      if (!Run.isAbsent(column[b])) {
        column[a] = column[b];
      }
    }
  }

  /** Merges row b, the later, into row a. */
  private void join(int a, int b) {
    double share = lines[b] / (double) (lines[a] + lines[b]);
    loss[a] = mean(loss[a], loss[b], share);
    if (!(peak[b] <= peak[a])) {
      peak[a] = peak[b];
      peakStep[a] = peakStep[b];
    }
    for (int c = 0; c < cells.length; c++) {
      double[] column = cells[c];
      boolean takeLast = last[c] && !Run.isAbsent(column[b]);
      column[a] = takeLast ? column[b] : mean(column[a], column[b], share);
    }
    lines[a] += lines[b];
    step[a] = step[b];
  }

  private static double mean(double a, double b, double share) {
    if (Run.isAbsent(a) || Run.isAbsent(b)) {
      return Run.isAbsent(a) ? b : a;
    }
    if (!Double.isFinite(a) || !Double.isFinite(b)) {
      return Double.isNaN(a) || Double.isFinite(b) ? a : b;
    }
    return a + share * (b - a);
  }

  /** Merges each two neighbours of rows whose steps rise. */
  void halve() {
    if (lines == null) {
      noise = noiseOfALine();
      lines = new int[step.length];
      Arrays.fill(lines, 0, size, 1);
      peak = loss.clone();
      peakStep = step.clone();
    }
    int n = 0;
    for (int i = 0; i < size; i += 2) {
      if (i + 1 < size) {
        join(i, i + 1);
      }
      move(i, n++);
    }
    size = n;
    most *= 2;
  }

  /** Robust standard deviation of a line: median difference of neighbours in the later half. */
  private double noiseOfALine() {
    int from = size / 2;
    double[] differences = new double[Math.min(size - from - 1, 1 << 16)];
    int n = 0;
    for (int i = 0; i < differences.length; i++) {
      double d = Math.abs(loss[from + i + 1] - loss[from + i]);
      if (d <= Double.MAX_VALUE) {
        differences[n++] = d;
      }
    }
    Arrays.sort(differences, 0, n);
    return n == 0 ? 0 : differences[n / 2] / (0.6745 * Math.sqrt(2));
  }

  void move(int from, int to) {
    if (from == to) {
      return;
    }
    step[to] = step[from];
    loss[to] = loss[from];
    for (double[] column : cells) {
      column[to] = column[from];
    }
    if (lines != null) {
      lines[to] = lines[from];
      peak[to] = peak[from];
      peakStep[to] = peakStep[from];
    }
  }

  /** Puts rows in a new order, which may leave some out. */
  void order(int[] rows, int n) {
    step = pick(step, rows, n);
    loss = pick(loss, rows, n);
    for (int c = 0; c < cells.length; c++) {
      cells[c] = pick(cells[c], rows, n);
    }
    if (lines != null) {
      int[] kept = new int[lines.length];
      for (int i = 0; i < n; i++) {
        kept[i] = lines[rows[i]];
      }
      lines = kept;
      peak = pick(peak, rows, n);
      peakStep = pick(peakStep, rows, n);
    }
    size = n;
  }

  private static long[] pick(long[] from, int[] rows, int n) {
    long[] out = new long[from.length];
    for (int i = 0; i < n; i++) {
      out[i] = from[rows[i]];
    }
    return out;
  }

  private static double[] pick(double[] from, int[] rows, int n) {
    double[] out = new double[from.length];
    for (int i = 0; i < n; i++) {
      out[i] = from[rows[i]];
    }
    return out;
  }

  /** Makes rows of their own of the highest losses that stand out; returns how many. */
  int splitPeaks() {
    if (lines == null) {
      return 0;
    }
    double limit = Math.max(STANDS_OUT * noise, 1e-9);
    int peaks = countPeaks(limit);
    while (peaks > MOST_PEAKS) {
      limit *= 2;
      peaks = countPeaks(limit);
    }
    // From behind, so that every row is moved once and none is written over.
    int to = size + peaks;
    int n = to;
    step = Arrays.copyOf(step, n);
    loss = Arrays.copyOf(loss, n);
    for (int c = 0; c < cells.length; c++) {
      cells[c] = Arrays.copyOf(cells[c], n);
    }
    long[] at = peakStep;
    double[] height = peak;
    int[] count = lines;
    lines = null;
    for (int i = size - 1; i >= 0; i--) {
      boolean isPeak = isPeak(height[i], loss[i], limit);
      move(i, --to);
      if (isPeak && at[i] == step[to]) {
        // Two rows cannot have one step: the peak stands for the row.
        loss[to] = height[i];
      } else if (isPeak) {
        loss[to] = (loss[to] * count[i] - height[i]) / (count[i] - 1);
        step[--to] = at[i];
        loss[to] = height[i];
        for (double[] column : cells) {
          column[to] = Run.ABSENT;
        }
      }
    }
    size = n;
    peak = null;
    peakStep = null;
    return peaks;
  }

  /** Counts the peaks that need a row of their own. */
  private int countPeaks(double limit) {
    int n = 0;
    for (int i = 0; i < size; i++) {
      n += isPeak(peak[i], loss[i], limit) && peakStep[i] < step[i] ? 1 : 0;
    }
    return n;
  }

  private static boolean isPeak(double peak, double mean, double limit) {
    return peak - mean > limit && peak <= Double.MAX_VALUE;
  }
}
