package dev.headroom.scaling.plan;

/** Gives empirical quantiles. */
final class Quantile {

  private Quantile() {}

  /** Returns a quantile of sorted values, linear between them; NaN for none. */
  static double of(double[] sorted, double probability) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double position = probability * (sorted.length - 1);
    int below = (int) Math.floor(position);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
