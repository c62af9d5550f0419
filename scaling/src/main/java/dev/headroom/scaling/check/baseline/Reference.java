package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.fit.internal.StudentT;
import java.util.Arrays;

/**
 * Holds golden trajectories ready to judge a run by.
 *
 * <p>For look j with weights w, the run's score is {@code y = w' (run - mean of golden)} and its
 * prediction variance {@code (1 + 1/K) (p0 P + p1 c P + S) / nu}, {@code nu = p0 + p1 + K - 1}: S
 * is the sum of squares of the golden runs' own scores (the weights are linear and the same for
 * all), P the prior's variance of the score, c the ratio of seen to prior variance pooled over the
 * looks, {@code p1 = min(2, (K-1)/2)} the worth of that pooling, and {@code p0 = 3 / max(1, c)^2}:
 * a prior that the golden runs contradict loses its say. The score over its deviation is taken as
 * Student-t with nu degrees of freedom.
 */
final class Reference {
  private final double[] mean;
  private final Looks looks;
  private final Spread spread;
  private final double[] variance;
  private final double degrees;
  private final int golden;

  private Reference(
      double[] mean, Looks looks, Spread spread, double[] variance, double degrees, int golden) {
    this.mean = mean;
    this.looks = looks;
    this.spread = spread;
    this.variance = variance;
    this.degrees = degrees;
    this.golden = golden;
  }

  /**
   * Prepares golden trajectories.
   *
   * @param test the run, looked at only where there is a single golden run, for the noise of points
   */
  static Reference of(double[] place, double[][] golden, double[] test, RepeatPrior prior) {
    double[] mean = mean(golden);
    double[][] contrasts = contrasts(golden, mean);
    double[] difference = contrasts(new double[][] {test}, mean)[0];
    Spread spread = Spread.of(place, contrasts, difference, prior.level());
    Looks looks = Looks.of(place, spread.covariance());
    int n = looks.count();
    double[] expected = new double[n];
    double[] seen = new double[n];
    double ratio = 0;
    int steps = 0;
    double wider = 1 + Math.pow(0.5 * Quantiles.median(spread.noise()) / prior.level(), 2);
    for (int j = 0; j < n; j++) {
      double[] w = looks.weights()[j];
      expected[j] = prior.variance()[looks.kind()[j]] * wider;
      expected[j] *= Symmetric.form(w, spread.kernel(), w);
      for (int i = 0; i < w.length; i++) {
        expected[j] += Math.pow(w[i] * spread.noise()[i], 2);
      }
      for (double[] contrast : contrasts) {
        seen[j] += Math.pow(Symmetric.dot(w, contrast), 2);
      }
      if (looks.kind()[j] != Looks.GROWING) { // the other looks are nearly independent
        ratio += seen[j] / expected[j];
        steps++;
      }
    }
    int own = golden.length - 1;
    ratio = own == 0 ? 1 : ratio / steps / own;
    double priorWorth =
        RepeatPrior.DEGREES / Math.pow(Math.max(1, ratio * Math.min(1, own / 4.0)), 2);
    double poolWorth = Math.min(2, own / 2.0);
    double degrees = priorWorth + poolWorth + own;
    double[] variance = new double[n];
    for (int j = 0; j < n; j++) {
      variance[j] = (priorWorth + poolWorth * ratio) * expected[j] + seen[j];
      variance[j] /= degrees;
    }
    return new Reference(mean, looks, spread, variance, degrees, golden.length);
  }

  static double[] mean(double[][] rows) {
    double[] out = new double[rows[0].length];
    for (double[] row : rows) {
      for (int i = 0; i < out.length; i++) {
        out[i] += row[i] / rows.length;
      }
    }
    return out;
  }

  static double[][] contrasts(double[][] rows, double[] mean) {
    double[][] out = new double[rows.length][mean.length];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < mean.length; i++) {
        out[r][i] = rows[r][i] - mean[i];
      }
    }
    return out;
  }

  Looks looks() {
    return looks;
  }

  double degrees() {
    return degrees;
  }

  int golden() {
    return golden;
  }

  /** Returns the run's score in every look. */
  double[] scores(double[] test) {
    double[] difference = contrasts(new double[][] {test}, mean)[0];
    return Arrays.stream(looks.weights()).mapToDouble(w -> Symmetric.dot(w, difference)).toArray();
  }

  /** Returns the deviation of the j-th score for a run beside the given number of golden runs. */
  double deviation(int j, int goldenRuns) {
    return Math.sqrt(variance[j] * (1 + 1.0 / goldenRuns));
  }

  /**
   * Returns the look that says most clearly that the run is above the golden ones, or below.
   *
   * @param sign 1 for above, -1 for below
   * @param allowed difference that is taken for granted
   */
  Evidence strongest(double[] scores, int sign, double allowed) {
    Evidence best = new Evidence(0, 1);
    for (int j = 0; j < scores.length; j++) {
      double over = sign * scores[j] - allowed;
      if (over > 0) {
        double p = StudentT.upperTail(over / deviation(j, golden), degrees) / looks.share(j);
        best = p < best.p ? new Evidence(j, p) : best;
      }
    }
    return best;
  }

  /**
   * The strongest look.
   *
   * @param look its number
   * @param p its tail probability over its share of the alarm rate, at most 1
   */
  record Evidence(int look, double p) {}

  /** Returns how many independent looks would have as much correlation as these have: m^2 / sum. */
  double effectiveLooks() {
    int n = looks.count();
    double[][] c = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        c[i][j] = Symmetric.form(looks.weights()[i], spread.covariance(), looks.weights()[j]);
      }
    }
    return effective(c);
  }

  /** Returns how many independent parts the trajectory of a difference is worth. */
  double effectiveParts() {
    return effective(spread.covariance());
  }

  private static double effective(double[][] covariance) {
    int n = covariance.length;
    double sum = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        sum += covariance[i][j] * covariance[i][j] / covariance[i][i] / covariance[j][j];
      }
    }
    return n * (double) n / sum;
  }
}
