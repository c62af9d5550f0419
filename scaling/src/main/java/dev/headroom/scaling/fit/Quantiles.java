package dev.headroom.scaling.fit;

import java.util.Arrays;

/** Gives empirical quantiles. */
final class Quantiles {

  private Quantiles() {}

  /**
   * Returns the quantile of sorted values, linear between order statistics (type 7 of Hyndman and
   * Fan 1996).
   */
  static double of(double[] sorted, double probability) {
    double position = probability * (sorted.length - 1);
    int below = (int) Math.floor(position);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /** Returns the median of the absolute values; sorts a copy. */
  static double medianOfAbsolute(double[] values) {
    double[] absolute = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      absolute[i] = Math.abs(values[i]);
    }
    Arrays.sort(absolute);
    return of(absolute, .5);
  }
}
