package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;

/**
 * Holds observations with each variable divided by a typical value of its own.
 *
 * <p>With N near 1e9 the factor A of {@code A/N^a} is near a thousand and moves with {@code a}
 * along a ridge: the five-parameter Chinchilla problem has condition number 3.5e11. Divided by its
 * geometric mean, N turns around 1 and the ridge is gone. {@link Law#rescaled} brings the
 * parameters back.
 */
final class ScaledData {

  final Law law;
  final int points;
  final double[][] x;
  final double[][] logX;
  final double[] loss;
  final double[] logLoss;
  final double[] factors;
  final double largestLoss;

  private ScaledData(Law law, double[][] x, double[] loss, double[] factors) {
    this.law = law;
    this.points = loss.length;
    this.factors = factors;
    this.loss = loss;
    this.logLoss = new double[points];
    this.x = new double[points][factors.length];
    this.logX = new double[points][factors.length];
    double largest = 0;
    for (int i = 0; i < points; i++) {
      largest = Math.max(largest, loss[i]);
      logLoss[i] = Math.log(loss[i]);
      for (int j = 0; j < factors.length; j++) {
        double value = x[i][j] / factors[j];
        this.x[i][j] = value;
        logX[i][j] = value > 0 ? Math.log(value) : Double.NaN;
      }
    }
    this.largestLoss = largest;
  }

  static ScaledData of(Law law, Observations data) {
    double[] factors = new double[law.variables().size()];
    for (int j = 0; j < factors.length; j++) {
      factors[j] =
          law.variables().get(j).domain() == Variable.Domain.POSITIVE
              ? geometricMean(data.x(), j)
              : largest(data.x(), j);
    }
    return new ScaledData(law, data.x(), data.loss(), factors);
  }

  /** Returns evenly spaced points, at most {@code limit}; these data where there are no more. */
  ScaledData thinned(int limit) {
    if (points <= limit) {
      return this;
    }
    double[][] rows = new double[limit][factors.length];
    double[] some = new double[limit];
    for (int k = 0; k < limit; k++) {
      int i = (int) ((long) k * (points - 1) / (limit - 1));
      some[k] = loss[i];
      for (int j = 0; j < factors.length; j++) {
        rows[k][j] = x[i][j] * factors[j];
      }
    }
    return new ScaledData(law, rows, some, factors);
  }

  /** Returns parameters for the variables as given from parameters for the scaled ones. */
  double[] original(double[] theta) {
    return law.rescaled(theta, factors);
  }

  /** Returns parameters for the scaled variables from parameters for those given. */
  double[] scaled(double[] theta) {
    double[] inverse = new double[factors.length];
    for (int j = 0; j < inverse.length; j++) {
      inverse[j] = 1 / factors[j];
    }
    return law.rescaled(theta, inverse);
  }

  private static double geometricMean(double[][] x, int column) {
    double sum = 0;
    for (double[] row : x) {
      sum += Math.log(row[column]);
    }
    return Math.exp(sum / x.length);
  }

  private static double largest(double[][] x, int column) {
    double largest = 0;
    for (double[] row : x) {
      largest = Math.max(largest, Math.abs(row[column]));
    }
    return largest > 0 ? largest : 1;
  }
}
