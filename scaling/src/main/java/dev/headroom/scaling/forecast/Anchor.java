package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.Quantiles;
import java.util.Arrays;

/**
 * Carries a shape on from the end of a prefix.
 *
 * <p>The forecast is {@code f(target) + offset + drift}: the offset is the median of observed less
 * shape over the last twentieth of the prefix (more where the points are noisy), the drift half the
 * slope of that difference in the log of the area over the last half, shrunk by its standard error.
 * A shape that is wrong in its early part then costs little.
 *
 * @param offset observed less shape at the end
 * @param drift kept slope of that difference per unit of log area
 * @param from mean log area of the points that gave the offset
 * @param error standard error of the offset
 */
record Anchor(double offset, double drift, double from, double error) {
  /**
   * Slope per unit of log area, relative to the loss, that a misfit of the law is expected to have.
   */
  private static final double TYPICAL_SLOPE = 0.01;

  /** Share of the observed slope that goes on; on public runs .3 to .7 do equally well. */
  private static final double KEPT_SLOPE = 0.5;

  static Anchor of(Curve prefix, Line shape) {
    int k = prefix.size();
    double[] x = new double[k];
    double[] r = new double[k];
    for (int i = 0; i < k; i++) {
      x[i] = Math.log(prefix.area()[i]);
      r[i] = prefix.loss()[i] - shape.at(prefix.area()[i], prefix.fall()[i]);
    }
    double level = prefix.loss()[k - 1];
    double noisy = Math.pow(prefix.pointNoise() / Curve.SMOOTH, 2);
    int m = (int) Math.max(3, Math.max(0.05 * k, Math.min(noisy, 0.5 * k)));
    m = Math.min(m, k);
    double offset = Quantiles.median(Arrays.copyOfRange(r, k - m, k));
    double slope = slope(x, r, Math.max(0, k - Math.max(5, k / 2)), TYPICAL_SLOPE * level);
    double error = 1.2533 * prefix.pointNoise() * level / Math.sqrt(m);
    return new Anchor(offset, KEPT_SLOPE * slope, mean(x, k - m, k), error);
  }

  static double forecast(Curve prefix, Line shape, Target target) {
    return of(prefix, shape).at(shape, target);
  }

  double at(Line shape, Target target) {
    return shape.at(target.area(), target.fall())
        + offset
        + drift * (Math.log(target.area()) - from);
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
