package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.internal.StudentT;

/**
 * Fits {@code log y = intercept + slope log x} by least squares.
 *
 * @param slope the slope with its Student interval; without one for two points
 * @param intercept log y at x = 1
 */
record LogLine(Estimate slope, double intercept) {

  static LogLine through(double[] x, double[] y, double level) {
    int n = x.length;
    double meanX = 0;
    double meanY = 0;
    for (int i = 0; i < n; i++) {
      meanX += Math.log(x[i]) / n;
      meanY += Math.log(y[i]) / n;
    }
    double xx = 0;
    double xy = 0;
    for (int i = 0; i < n; i++) {
      double dx = Math.log(x[i]) - meanX;
      xx += dx * dx;
      xy += dx * (Math.log(y[i]) - meanY);
    }
    double slope = xy / xx;
    double squares = 0;
    for (int i = 0; i < n; i++) {
      double residual = Math.log(y[i]) - meanY - slope * (Math.log(x[i]) - meanX);
      squares += residual * residual;
    }
    double half = StudentT.twoSided(level, n - 2) * Math.sqrt(squares / (n - 2) / xx);
    return new LogLine(
        new Estimate("exponent", slope, slope - half, slope + half), meanY - slope * meanX);
  }
}
