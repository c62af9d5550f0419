package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.Arrays;
import java.util.Locale;

/**
 * Holds the finite losses of a run on the scale the rules work on: the log of the loss, or the loss
 * over its median size where some loss is not above zero.
 *
 * @param step steps with a finite loss
 * @param loss the losses
 * @param y the losses on the working scale
 * @param positive whether every loss is above zero, so that y is its logarithm
 */
record Level(long[] step, double[] loss, double[] y, boolean positive) {

  static Level of(Run run) {
    long[] runStep = run.step();
    double[] runLoss = run.loss();
    long[] step = new long[runLoss.length];
    double[] loss = new double[runLoss.length];
    int n = 0;
    boolean positive = true;
    for (int i = 0; i < runLoss.length; i++) {
      if (Math.abs(runLoss[i]) <= Double.MAX_VALUE) {
        step[n] = runStep[i];
        loss[n++] = runLoss[i];
        positive &= runLoss[i] > 0;
      }
    }
    step = Arrays.copyOf(step, n);
    loss = Arrays.copyOf(loss, n);
    return new Level(step, loss, positive ? logs(loss) : scaled(loss), positive);
  }

  private static double[] logs(double[] loss) {
    double[] y = new double[loss.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = Math.log(loss[i]);
    }
    return y;
  }

  private static double[] scaled(double[] loss) {
    double[] size = new double[loss.length];
    for (int i = 0; i < size.length; i++) {
      size[i] = Math.abs(loss[i]);
    }
    double scale = size.length == 0 ? 1 : median(size, size.length);
    double[] y = loss.clone();
    for (int i = 0; scale > 0 && i < y.length; i++) {
      y[i] /= scale;
    }
    return y;
  }

  /**
   * Returns the standard deviation of one point on the working scale, from second differences, so
   * that a trend does not count as noise; NaN for fewer than three points.
   */
  double noise() {
    if (y.length < 3) {
      return Double.NaN;
    }
    double[] second = new double[y.length - 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = Math.abs(y[i] - 2 * y[i + 1] + y[i + 2]);
    }
    return 1.4826 * median(second, second.length) / Math.sqrt(6);
  }

  /** Returns the median of the first n values, by selection in O(n); reorders them. */
  static double median(double[] values, int n) {
    double high = select(values, n, n / 2);
    if (n % 2 == 1) {
      return high;
    }
    double low = values[0];
    for (int i = 1; i < n / 2; i++) {
      low = Math.max(low, values[i]);
    }
    return (low + high) / 2;
  }

  /** Brings the k-th smallest of the first n values to index k, with none above it before. */
  private static double select(double[] values, int n, int k) {
    int from = 0;
    int to = n - 1;
    while (from < to) {
      double pivot = values[(from + to) >>> 1];
      int i = from;
      int j = to;
      while (i <= j) {
        while (values[i] < pivot) {
          i++;
        }
        while (values[j] > pivot) {
          j--;
        }
        if (i <= j) {
          double swap = values[i];
          values[i++] = values[j];
          values[j--] = swap;
        }
      }
      if (k <= j) {
        to = j;
      } else if (k >= i) {
        from = i;
      } else {
        break;
      }
    }
    return values[k];
  }

  /** Writes a rise from one loss to another as a percentage. */
  static String rise(double from, double to) {
    if (!(from > 0)) {
      return String.format(Locale.ROOT, "%+.4g", to - from);
    }
    return String.format(Locale.ROOT, "+%.3g %%", 100 * (to / from - 1));
  }

  static String number(double loss) {
    return String.format(Locale.ROOT, "%.4g", loss);
  }
}
