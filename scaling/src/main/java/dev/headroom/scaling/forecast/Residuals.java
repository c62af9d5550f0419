package dev.headroom.scaling.forecast;

import java.util.ArrayList;
import java.util.List;

/**
 * Gathers errors of forecasts that were made as this one is, from earlier and on siblings.
 *
 * <p>Errors are of log-loss. Errors of one curve are not independent, so they count as one group:
 * the spread is the root of the mean over groups of their mean square.
 */
final class Residuals {
  /** Fewest points before the origin of a forecast. */
  static final int FEWEST = 8;

  private final List<Double> groups = new ArrayList<>();

  /**
   * Forecasts points of a curve from an earlier part of it, at the same ratio of forward areas.
   *
   * @param ratio forward area at the end over that at the origin
   * @param annealing share of the end's annealing area that the origin must hold
   * @return whether the curve is long enough to give an error
   */
  boolean rolling(Curve curve, Lines.Line line, double ratio, double annealing) {
    double sum = 0;
    int n = 0;
    for (double share : new double[] {1, 0.9, 0.8, 0.7}) {
      int end = (int) Math.round(share * curve.size()) - 1;
      double origin = curve.s1()[Math.max(0, end)] / ratio;
      int k = 0;
      while (k < end && curve.s1()[k] <= origin) {
        k++;
      }
      if (k >= FEWEST && (annealing == 0 || curve.s2()[k - 1] >= annealing * curve.s2()[end])) {
        double error = error(curve, line, k, end);
        sum += error * error;
        n++;
      }
    }
    return add(sum, n);
  }

  /** Forecasts the end of a finished curve from the given share of its steps and its neighbours. */
  boolean ending(Curve curve, Lines.Line line, double share) {
    double sum = 0;
    int n = 0;
    int end = curve.size() - 1;
    for (double factor : new double[] {0.9, 1, 1.1}) {
      int k = curve.until(Math.min(0.97, factor * share) * curve.step()[end]);
      if (k >= FEWEST && k < end) {
        double error = error(curve, line, k, end);
        sum += error * error;
        n++;
      }
    }
    return add(sum, n);
  }

  private static double error(Curve curve, Lines.Line line, int k, int end) {
    // The truth is the mean of the last points where points are noisy.
    int m = curve.pointNoise() > 0.0005 ? Math.max(1, Math.min(5, end - k)) : 1;
    double truth = 0;
    double s1 = 0;
    double s2 = 0;
    for (int i = end - m + 1; i <= end; i++) {
      truth += curve.loss()[i] / m;
      s1 += curve.s1()[i] / m;
      s2 += curve.s2()[i] / m;
    }
    double forecast = line.at(curve.first(k), new Target(s1, s2));
    return Math.log(Math.max(forecast, 0.01 * truth) / truth);
  }

  private boolean add(double sum, int n) {
    if (n > 0) {
      groups.add(sum / n);
    }
    return n > 0;
  }

  int groups() {
    return groups.size();
  }

  double spread() {
    double sum = 0;
    for (double group : groups) {
      sum += group;
    }
    return groups.isEmpty() ? Double.NaN : Math.sqrt(sum / groups.size());
  }
}
