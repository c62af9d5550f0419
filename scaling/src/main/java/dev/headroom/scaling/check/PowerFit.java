package dev.headroom.scaling.check;

/**
 * Holds {@code E + A x^-a} fitted by least squares, a from a grid of .05 to 1.
 *
 * @param floor E
 * @param size A, not below zero
 * @param power a
 * @param spread standard deviation of the residuals
 */
record PowerFit(double floor, double size, double power, double spread) {
  private static final int GRID = 20;

  /** Fits the first n points. */
  static PowerFit of(double[] x, double[] y, int n) {
    PowerFit best = null;
    for (int g = 1; g <= GRID; g++) {
      double power = (double) g / GRID;
      double meanZ = 0;
      double meanY = 0;
      for (int i = 0; i < n; i++) {
        meanZ += Math.pow(x[i], -power) / n;
        meanY += y[i] / n;
      }
      double zz = 0;
      double zy = 0;
      for (int i = 0; i < n; i++) {
        double z = Math.pow(x[i], -power) - meanZ;
        zz += z * z;
        zy += z * (y[i] - meanY);
      }
      double size = zz > 0 ? Math.max(0, zy / zz) : 0;
      double floor = meanY - size * meanZ;
      double sum = 0;
      for (int i = 0; i < n; i++) {
        double off = y[i] - floor - size * Math.pow(x[i], -power);
        sum += off * off;
      }
      PowerFit fit = new PowerFit(floor, size, power, Math.sqrt(sum / Math.max(1, n - 3)));
      best = best == null || fit.spread < best.spread ? fit : best;
    }
    return best;
  }

  double at(double x) {
    return floor + size * Math.pow(x, -power);
  }
}
