package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.Arrays;

/**
 * Holds the finite values of one column.
 *
 * @param step steps at which the column has a finite value
 * @param value the values
 */
record Series(long[] step, double[] value) {

  static Series of(Run run, String column) {
    double[] cells = column.equals("loss") ? run.loss() : run.columns().get(column);
    int rows = cells == null ? 0 : cells.length;
    long[] step = new long[rows];
    double[] value = new double[rows];
    int n = 0;
    for (int i = 0; i < rows; i++) {
      if (Math.abs(cells[i]) <= Double.MAX_VALUE) {
        step[n] = run.step()[i];
        value[n++] = cells[i];
      }
    }
    return new Series(Arrays.copyOf(step, n), Arrays.copyOf(value, n));
  }

  int size() {
    return value.length;
  }

  long lastStep() {
    return step[step.length - 1];
  }

  /** Returns the median of the values at indices from (inclusive) to (exclusive). */
  double median(int from, int to) {
    return Level.median(Arrays.copyOfRange(value, from, to), to - from);
  }

  /** Returns the median of the last points: a twentieth of the series, 3 to 200. */
  double last() {
    return median(size() - tail(), size());
  }

  /** Returns how many points {@link #last} takes. */
  int tail() {
    return Math.min(size(), Math.max(3, Math.min(200, size() / 20)));
  }

  /** Returns medians of neighbouring blocks of about equal size. */
  double[] blocks(int count) {
    double[] out = new double[count];
    for (int b = 0; b < count; b++) {
      out[b] = median((int) ((long) size() * b / count), (int) ((long) size() * (b + 1) / count));
    }
    return out;
  }
}
