package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Replaces the cross-entropy by the edit-invariant sequence loss: each n-gram of the target may
 * come at any position of a sequence.
 *
 * <p>For a sequence of T rows, sizes n, with {@code l_ij} the log-probability at position i of the
 * target of position j:
 *
 * <pre>
 *   G_ij = (1/n) sum over m &lt; n of l_(i+m)(j+m),   q_ij = softmax over i of G_ij
 *   loss = -mean over n of mean over j of sum_i q_ij G_ij,   i, j = 0 .. T - n
 *   d/dG_ij = -q_ij (1 + G_ij - sum_i q_ij G_ij), likewise averaged
 * </pre>
 *
 * <p>As the authors' code has it, the gradient goes through the weights q, log-probabilities below
 * -20 are held at -20, and sizes above T are left out (T itself where none is left). Theirs adds
 * Gumbel noise to the weights; here they are the softmax itself, so that a step can be repeated.
 *
 * <p>Rows hidden from the loss (the ignore index, token weight 0) are no positions. Each row lists
 * the different tokens of its sequence: memory N x T, time T^2 a sequence and size, little beside
 * the head for T far below V. A sequence has one loss; a mean runs over sequences.
 *
 * <p>Not alone where a model predicts from its own prefix: a token that is right somewhere else is
 * then wrong here. The authors start from cross-entropy. Source: Liu et al. 2022, Don't take it
 * literally: an edit-invariant sequence loss for text generation.
 */
public final class EditInvariant implements RowLoss {
  private static final double LEAST = -20;

  private final int[] sizes;

  /**
   * Takes the sizes of n-grams.
   *
   * @param sizes n, different, each at least 1
   */
  public EditInvariant(int... sizes) {
    if (sizes.length == 0 || Arrays.stream(sizes).anyMatch(n -> n < 1)) {
      throw new IllegalArgumentException(
          "sizes: " + Arrays.toString(sizes) + " (expected: numbers of at least 1)");
    }
    this.sizes = Arrays.stream(sizes).distinct().toArray();
  }

  @Override
  public boolean perSequence() {
    return true;
  }

  @Override
  public boolean listsByRow() {
    return true;
  }

  @Override
  public long[] listByRow(int[] rows, long[] targets, long length) {
    Map<Long, long[]> tokens = new HashMap<>();
    IntFunction<long[]> own =
        row ->
            tokens.computeIfAbsent(
                row / length,
                sequence ->
                    Arrays.stream(rows)
                        .filter(other -> other / length == sequence)
                        .mapToLong(other -> targets[other])
                        .distinct()
                        .toArray());
    return OwnLists.of(rows, own);
  }

  @Override
  public void form(RowBatch rows) {
    int begin = 0;
    while (begin < rows.size()) {
      int end = begin;
      while (end < rows.size() && rows.sequence(end) == rows.sequence(begin)) {
        end++;
      }
      formSequence(rows, begin, end - begin);
      begin = end;
    }
  }

  private void formSequence(RowBatch rows, int begin, int length) {
    int[] places = places(rows, begin, length);
    double[][] logs = new double[length][length];
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < length; j++) {
        logs[i][j] = rows.listed(begin + i, places[j]) - rows.lse(begin + i);
      }
    }
    double[][] slopes = new double[length][length];
    int[] fitting = Arrays.stream(sizes).filter(n -> n <= length).toArray();
    fitting = fitting.length == 0 ? new int[] {length} : fitting;
    double value = 0;
    for (int n : fitting) {
      double share = 1.0 / fitting.length / (length - n + 1);
      for (int j = 0; j + n <= length; j++) {
        value += share * addGram(logs, slopes, n, j, share);
      }
    }
    for (int i = 0; i < length; i++) {
      deliver(rows, begin + i, places, slopes[i], value / length);
    }
  }

  /** Returns where the lists of a sequence name each of its targets. */
  private static int[] places(RowBatch rows, int begin, int length) {
    Map<Long, Integer> places = new HashMap<>();
    for (int k = 0; k < rows.listed(); k++) {
      places.put(rows.listedClass(begin, k), k);
    }
    int[] at = new int[length];
    Arrays.setAll(at, j -> places.get(rows.target(begin + j)));
    return at;
  }

  /** Returns the loss of the n-gram at j, and adds its slopes times a share. */
  private static double addGram(double[][] logs, double[][] slopes, int n, int j, double share) {
    double[] g = new double[logs.length - n + 1];
    for (int i = 0; i < g.length; i++) {
      for (int m = 0; m < n; m++) {
        g[i] += Math.max(LEAST, logs[i + m][j + m]) / n;
      }
    }
    double[] q = g.clone();
    NumberLoss.softmax(q);
    double mean = 0;
    for (int i = 0; i < g.length; i++) {
      mean += q[i] * g[i];
    }
    for (int i = 0; i < g.length; i++) {
      for (int m = 0; m < n; m++) {
        boolean held = logs[i + m][j + m] < LEAST;
        slopes[i + m][j + m] -= held ? 0 : share / n * q[i] * (1 + g[i] - mean);
      }
    }
    return -mean;
  }

  private static void deliver(RowBatch rows, int i, int[] places, double[] slopes, double value) {
    double[] own = new double[rows.listed()];
    double sum = 0;
    for (int j = 0; j < slopes.length; j++) {
      own[places[j]] += slopes[j];
      sum += slopes[j];
    }
    for (int k = 0; k < own.length; k++) {
      rows.setListed(i, k, own[k]);
    }
    rows.set(i, value, 0, -sum, 0);
  }

  @Override
  public String toString() {
    return "edit-invariant " + Arrays.toString(sizes);
  }
}
