package dev.headroom.scaling.fit.internal;

import java.util.Arrays;

/** Gives empirical quantiles. */
public final class Quantiles {

  private Quantiles() {}

  /**
   * Returns the quantile of sorted values, linear between order statistics (type 7 of Hyndman and
   * Fan 1996); NaN for none.
   */
  public static double of(double[] sorted, double probability) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double position = probability * (sorted.length - 1);
    int below = (int) Math.floor(position);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /** Returns the median of at least one value; sorts a copy. */
  public static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /** Returns the median of the absolute values; sorts a copy. */
  public static double medianOfAbsolute(double[] values) {
    double[] absolute = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      absolute[i] = Math.abs(values[i]);
    }
    Arrays.sort(absolute);
    return of(absolute, .5);
  }
}
