package dev.headroom.scaling.plan;

/**
 * Finds the least value of a curve through points, in logarithms of both.
 *
 * <p>The answer is {@code {log x, log y}} of a minimum inside the points, or null where the least
 * value lies at an end: then the points do not reach far enough.
 */
final class Profile {

  /** A parabola is a local approximation: it sees this many sizes around the best. */
  private static final int WINDOW = 5;

  private Profile() {}

  /**
   * Least value of a parabola through the {@value #WINDOW} points nearest to the best one.
   *
   * @param x ascending, at least three
   */
  static double[] parabola(double[] x, double[] y) {
    int best = argmin(y);
    int from = best;
    int to = best + 1;
    while (to - from < Math.min(WINDOW, x.length)) {
      boolean left = to == x.length || (from > 0 && x[best] - x[from - 1] <= x[to] - x[best]);
      from -= left ? 1 : 0;
      to += left ? 0 : 1;
    }
    double centre = x[best];
    double[] s = new double[5];
    double[] t = new double[3];
    for (int i = from; i < to; i++) {
      double power = 1;
      for (int k = 0; k < 5; k++) {
        s[k] += power;
        if (k < 3) {
          t[k] += power * y[i];
        }
        power *= x[i] - centre;
      }
    }
    double det = det(s[0], s[1], s[2], s[1], s[2], s[3], s[2], s[3], s[4]);
    double a = det(t[0], s[1], s[2], t[1], s[2], s[3], t[2], s[3], s[4]) / det;
    double b = det(s[0], t[0], s[2], s[1], t[1], s[3], s[2], t[2], s[4]) / det;
    double c = det(s[0], s[1], t[0], s[1], s[2], t[1], s[2], s[3], t[2]) / det;
    double at = centre - b / (2 * c);
    boolean inside = c > 0 && at > x[0] && at < x[x.length - 1];
    return inside ? new double[] {at, a - b * b / (4 * c)} : null;
  }

  /**
   * Least value of Akima's piecewise cubic through the points (Akima 1970, J. ACM 17, 589).
   *
   * @param x ascending, at least three
   */
  static double[] akima(double[] x, double[] y) {
    double[] slope = akimaSlopes(x, y);
    int lowest = argmin(y);
    double bestX = x[lowest];
    double bestY = y[lowest];
    for (int i = 0; i + 1 < x.length; i++) {
      double h = x[i + 1] - x[i];
      double m = (y[i + 1] - y[i]) / h;
      double c2 = (3 * m - 2 * slope[i] - slope[i + 1]) / h;
      double c3 = (slope[i] + slope[i + 1] - 2 * m) / (h * h);
      for (double step : roots(3 * c3, 2 * c2, slope[i])) {
        double value = y[i] + step * (slope[i] + step * (c2 + step * c3));
        if (step > 0 && step < h && value < bestY) {
          bestX = x[i] + step;
          bestY = value;
        }
      }
    }
    return bestX > x[0] && bestX < x[x.length - 1] ? new double[] {bestX, bestY} : null;
  }

  private static double[] akimaSlopes(double[] x, double[] y) {
    int n = x.length;
    double[] m = new double[n + 3];
    for (int i = 0; i + 1 < n; i++) {
      m[i + 2] = (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    }
    m[1] = 2 * m[2] - m[3];
    m[0] = 2 * m[1] - m[2];
    m[n + 1] = 2 * m[n] - m[n - 1];
    m[n + 2] = 2 * m[n + 1] - m[n];
    double[] slope = new double[n];
    for (int i = 0; i < n; i++) {
      double right = Math.abs(m[i + 3] - m[i + 2]);
      double left = Math.abs(m[i + 1] - m[i]);
      slope[i] =
          right + left > 1e-12
              ? (right * m[i + 1] + left * m[i + 2]) / (right + left)
              : (m[i + 1] + m[i + 2]) / 2;
    }
    return slope;
  }

  /** Real roots of a t^2 + b t + c, in the form that does not cancel. */
  private static double[] roots(double a, double b, double c) {
    double disc = b * b - 4 * a * c;
    if (disc < 0) {
      return new double[0];
    }
    double q = -.5 * (b + Math.copySign(Math.sqrt(disc), b));
    return new double[] {q / a, c / q};
  }

  private static double det(
      double a, double b, double c, double d, double e, double f, double g, double h, double i) {
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  }

  private static int argmin(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] < values[best] ? i : best;
    }
    return best;
  }
}
