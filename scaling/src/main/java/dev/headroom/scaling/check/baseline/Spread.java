package dev.headroom.scaling.check.baseline;

/**
 * Models how repeats of one configuration drift apart along a run.
 *
 * <p>Covariance of two places u, v of the run: {@code s^2 k(u,v) + n(u)^2 [u = v]}, {@code k = (u
 * v)^-b ((1-e) min(u/v, v/u)^a + e [u = v])} with a = 0.3, e = 0.1: a level that forgets its past
 * in the log of the step, a spread that shrinks as the run goes on, and noise of single points. The
 * exponent b is the pooled slope of the golden runs' spread, shrunk to 0.5; s is their pooled
 * spread, shrunk to the prior; n comes from second differences of the runs' differences, so that no
 * trend and no level counts as noise. With one golden run, s is the prior's, n is that of the
 * difference between the run and the golden one, and b follows the slope of that noise.
 *
 * @param kernel the matrix k
 * @param covariance the whole matrix
 * @param noise n of each part of the trajectory
 */
record Spread(double[][] kernel, double[][] covariance, double[] noise) {
  private static final double FORGETS = 0.3;
  private static final double POINT_SHARE = 0.1;
  private static final double SLOPE = 0.5;
  // The prior of the slope, per part: worth about three further golden runs.
  private static final double SLOPE_WEIGHT = 1.2;
  private static final int WINDOW = 3;

  /**
   * Estimates the spread.
   *
   * @param place places of the parts, above 0, at most 1
   * @param contrasts golden runs less their mean
   * @param difference run less mean of the golden runs, for the noise where there is but one golden
   * @param level the prior's level
   */
  static Spread of(double[] place, double[][] contrasts, double[] difference, double level) {
    int degrees = contrasts.length - 1;
    double[] noise =
        degrees == 0
            ? noise(place, new double[][] {difference}, 2)
            : noise(place, contrasts, degrees);
    double slope =
        degrees == 0 ? slope(place, new double[][] {noise}, 1) : slope(place, contrasts, degrees);
    double s2 = level * level;
    if (degrees > 0) {
      double seen = 0;
      int n = 0;
      for (int i = 0; i < place.length; i++) {
        if (place[i] > 0.2) {
          seen += variance(contrasts, i, degrees) * Math.pow(place[i], 2 * slope);
          n++;
        }
      }
      s2 = (RepeatPrior.DEGREES * s2 + degrees * seen / n) / (RepeatPrior.DEGREES + degrees);
    }
    double[][] kernel = kernel(place, slope);
    double[][] covariance = new double[place.length][place.length];
    for (int i = 0; i < place.length; i++) {
      for (int j = 0; j < place.length; j++) {
        covariance[i][j] = s2 * kernel[i][j] + (i == j ? noise[i] * noise[i] : 0);
      }
    }
    return new Spread(kernel, covariance, noise);
  }

  private static double variance(double[][] contrasts, int i, double degrees) {
    double sum = 0;
    for (double[] contrast : contrasts) {
      sum += contrast[i] * contrast[i];
    }
    return sum / degrees;
  }

  private static double slope(double[] place, double[][] contrasts, int degrees) {
    double n = 0;
    double meanX = 0;
    for (int i = 0; i < place.length; i++) {
      if (place[i] > 0.1 && variance(contrasts, i, degrees) > 0) {
        n++;
        meanX += (Math.log(place[i]) - meanX) / n;
      }
    }
    if (n < 3) {
      return SLOPE;
    }
    double xx = 0;
    double xy = 0;
    for (int i = 0; i < place.length; i++) {
      double v = variance(contrasts, i, degrees);
      if (place[i] > 0.1 && v > 0) {
        double x = Math.log(place[i]) - meanX;
        xx += x * x;
        xy += x * 0.5 * Math.log(v);
      }
    }
    double weight = SLOPE_WEIGHT * n;
    double slope = (weight * SLOPE - degrees * xy) / (degrees * xx + weight);
    return Math.max(-1, Math.min(1, slope));
  }

  /** Estimates the noise of single parts from second differences, over windows of seven. */
  private static double[] noise(double[] place, double[][] rows, double degrees) {
    int n = place.length;
    double[] out = new double[n];
    if (n < 3) {
      return out;
    }
    double[] square = new double[n];
    for (int i = 1; i < n - 1; i++) {
      double w = (place[i] - place[i - 1]) / (place[i + 1] - place[i - 1]);
      for (double[] row : rows) {
        double d = row[i] - row[i - 1] * (1 - w) - row[i + 1] * w;
        square[i] += d * d / degrees / (1 + w * w + (1 - w) * (1 - w));
      }
    }
    square[0] = square[1];
    square[n - 1] = square[n - 2];
    for (int i = 0; i < n; i++) {
      int from = Math.max(0, i - WINDOW);
      int to = Math.min(n - 1, i + WINDOW);
      for (int k = from; k <= to; k++) {
        out[i] += square[k] / (to - from + 1);
      }
      out[i] = Math.sqrt(out[i]);
    }
    return out;
  }

  private static double[][] kernel(double[] place, double slope) {
    int n = place.length;
    double[][] out = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double near = Math.exp(-FORGETS * Math.abs(Math.log(place[i] / place[j])));
        double share = i == j ? 1 : (1 - POINT_SHARE) * near;
        out[i][j] = Math.pow(place[i] * place[j], -slope) * share;
      }
    }
    return out;
  }
}
