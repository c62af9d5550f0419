package dev.headroom.scaling.forecast;

import java.util.function.Function;

/** Gathers errors of forecasts that were made as this one is, from earlier in the same run. */
final class Residuals {
  /** Fewest points before the origin of a forecast. */
  static final int FEWEST = 8;

  private static final double[] ENDS = {1, 0.9, 0.8, 0.7};

  private Residuals() {}

  /**
   * Forecasts points of a curve from an earlier part of it, at the same ratio of areas.
   *
   * @param line fits the shape to a beginning
   * @param ratio area at the end over that at the origin
   * @return root mean square of the errors of log-loss, NaN where the curve is too short for one
   */
  static double past(Curve curve, Function<Curve, ? extends Line> line, double ratio) {
    double sum = 0;
    int n = 0;
    for (double share : ENDS) {
      int end = (int) Math.round(share * curve.size()) - 1;
      double origin = curve.area()[Math.max(0, end)] / Math.max(1, ratio);
      int k = 0;
      while (k < end && curve.area()[k] <= origin) {
        k++;
      }
      if (k >= FEWEST) {
        double error = error(curve, line, k, end);
        sum += error * error;
        n++;
      }
    }
    return n == 0 ? Double.NaN : Math.sqrt(sum / n);
  }

  private static double error(Curve curve, Function<Curve, ? extends Line> line, int k, int end) {
    Curve beginning = curve.first(k);
    double truth = curve.first(end + 1).level();
    Target target = new Target(curve.area()[end], curve.fall()[end]);
    double forecast = Anchor.forecast(beginning, line.apply(beginning), target);
    return Math.log(Math.max(forecast, 0.01 * truth) / truth);
  }
}
