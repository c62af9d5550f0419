package dev.headroom.scaling.forecast;

import java.util.Arrays;
import java.util.function.ToDoubleBiFunction;

/**
 * Carries a shape on from the end of a prefix.
 *
 * <p>The forecast is {@code f(target) + offset + drift}: the offset is the median of observed less
 * shape over the last twentieth of the prefix (more where the points are noisy), the drift half the
 * slope of that difference in log S1 over the last half, shrunk by its standard error. A shape that
 * is wrong in its early part then costs little.
 */
final class Anchor {
  /**
   * Slope per unit of log S1, relative to the loss, that a misfit of the law is expected to have.
   */
  private static final double TYPICAL_SLOPE = 0.01;

  /** Share of the observed slope that goes on; on public runs .3 to .7 do equally well. */
  private static final double KEPT_SLOPE = 0.5;

  private Anchor() {}

  static double forecast(Curve prefix, ToDoubleBiFunction<Double, Double> shape, Target target) {
    int k = prefix.size();
    double[] x = new double[k];
    double[] r = new double[k];
    for (int i = 0; i < k; i++) {
      x[i] = Math.log(prefix.s1()[i]);
      r[i] = prefix.loss()[i] - shape.applyAsDouble(prefix.s1()[i], prefix.s2()[i]);
    }
    double level = prefix.loss()[k - 1];
    double noisy = Math.pow(prefix.pointNoise() / 0.0005, 2);
    int m = (int) Math.max(3, Math.max(0.05 * k, Math.min(noisy, 0.5 * k)));
    m = Math.min(m, k);
    double offset = Curve.median(Arrays.copyOfRange(r, k - m, k));
    double from = mean(x, k - m, k);
    double slope = slope(x, r, Math.max(0, k - Math.max(5, k / 2)), TYPICAL_SLOPE * level);
    double ahead = Math.log(target.s1()) - from;
    return shape.applyAsDouble(target.s1(), target.s2()) + offset + KEPT_SLOPE * slope * ahead;
  }

  private static double mean(double[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += values[i];
    }
    return sum / (to - from);
  }

  /** Returns the least-squares slope of the points from a start on, shrunk by its own error. */
  private static double slope(double[] x, double[] r, int start, double typical) {
    int n = x.length;
    double mx = mean(x, start, n);
    double mr = mean(r, start, n);
    double sxx = 0;
    double sxr = 0;
    for (int i = start; i < n; i++) {
      sxx += (x[i] - mx) * (x[i] - mx);
      sxr += (x[i] - mx) * (r[i] - mr);
    }
    if (sxx == 0 || n - start < 4) {
      return 0;
    }
    double slope = sxr / sxx;
    double rest = 0;
    for (int i = start; i < n; i++) {
      double e = r[i] - mr - slope * (x[i] - mx);
      rest += e * e;
    }
    double error = rest / (n - start - 2) / sxx;
    return slope * typical * typical / (typical * typical + error);
  }
}
