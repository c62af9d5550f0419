package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;

/**
 * Holds observations with each variable divided by a typical value of its own, and the losses by
 * theirs.
 *
 * <p>With N near 1e9 the factor A of {@code A/N^a} is near a thousand and moves with {@code a}
 * along a ridge: the five-parameter Chinchilla problem has condition number 3.5e11. Divided by its
 * smallest value, N begins at 1, and A is the part of the loss that the term gives there: never far
 * from the size of a loss, however steep the power. (Divided by the geometric mean, A of a steep
 * power is tiny; searches then crawl.) {@link Law#rescaled} brings the parameters back.
 */
final class ScaledData {

  final Law law;
  final int points;
  final double[][] x;
  final double[][] logX;
  final double[] loss;
  final double[] logLoss;
  final double[] factors;
  final double lossFactor;
  final double largestLoss;

  private ScaledData(Law law, double[][] x, double[] loss, double[] factors, double lossFactor) {
    this.law = law;
    this.points = loss.length;
    this.factors = factors;
    this.lossFactor = lossFactor;
    this.loss = new double[points];
    this.logLoss = new double[points];
    this.x = new double[points][factors.length];
    this.logX = new double[points][factors.length];
    double largest = 0;
    for (int i = 0; i < points; i++) {
      this.loss[i] = loss[i] / lossFactor;
      largest = Math.max(largest, this.loss[i]);
      logLoss[i] = Math.log(this.loss[i]);
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
              ? smallest(data.x(), j)
              : largest(data.x(), j);
    }
    return new ScaledData(law, data.x(), data.loss(), factors, lossFactor(law, data.loss()));
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
      some[k] = loss[i] * lossFactor;
      for (int j = 0; j < factors.length; j++) {
        rows[k][j] = x[i][j] * factors[j];
      }
    }
    return new ScaledData(law, rows, some, factors, lossFactor);
  }

  /** Returns parameters for the data as given from parameters for the scaled ones. */
  double[] original(double[] theta) {
    return withLosses(law.rescaled(theta, factors), lossFactor);
  }

  /** Returns parameters for the scaled data from parameters for those given. */
  double[] scaled(double[] theta) {
    double[] inverse = new double[factors.length];
    for (int j = 0; j < inverse.length; j++) {
      inverse[j] = 1 / factors[j];
    }
    return withLosses(law.rescaled(theta, inverse), 1 / lossFactor);
  }

  /** Returns the derivatives of the parameters for the data as given by the scaled ones. */
  double[][] change(double[] theta) {
    double[][] change = new double[theta.length][theta.length];
    double[] at = theta.clone();
    for (int j = 0; j < theta.length; j++) {
      double step = 1e-5 * Math.max(1, Math.abs(theta[j]));
      at[j] = theta[j] + step;
      double[] above = original(at);
      at[j] = theta[j] - step;
      double[] below = original(at);
      at[j] = theta[j];
      for (int i = 0; i < theta.length; i++) {
        change[i][j] = (above[i] - below[i]) / (2 * step);
      }
    }
    return change;
  }

  /** Returns the objective of the data as given. */
  double original(Objective objective, double value) {
    return objective.isLogarithmic() ? value : value * lossFactor * lossFactor;
  }

  private double[] withLosses(double[] theta, double factor) {
    for (int i = 0; i < theta.length; i++) {
      if (law.parameters().get(i).isLinear()) {
        theta[i] *= factor;
      }
    }
    return theta;
  }

  /** A law that is linear in some parameters scales with them; any other is left as it is. */
  private static double lossFactor(Law law, double[] loss) {
    boolean linear = false;
    for (Parameter parameter : law.parameters()) {
      linear |= parameter.isLinear();
    }
    double sum = 0;
    for (double value : loss) {
      sum += Math.log(value);
    }
    return linear ? Math.exp(sum / loss.length) : 1;
  }

  private static double smallest(double[][] x, int column) {
    double smallest = Double.POSITIVE_INFINITY;
    for (double[] row : x) {
      smallest = Math.min(smallest, row[column]);
    }
    return smallest;
  }

  private static double largest(double[][] x, int column) {
    double largest = 0;
    for (double[] row : x) {
      largest = Math.max(largest, Math.abs(row[column]));
    }
    return largest > 0 ? largest : 1;
  }
}
