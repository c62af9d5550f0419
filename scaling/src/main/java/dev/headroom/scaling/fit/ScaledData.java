package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;
import java.util.List;

/**
 * Holds observations with each variable divided by a typical value of its own, and the losses by
 * theirs.
 *
 * <p>With N near 1e9 the factor A of {@code A/N^a} is near a thousand and moves with {@code a}
 * along a ridge: the five-parameter Chinchilla problem has condition number 3.5e11. Divided by its
 * smallest value, N begins at 1, and A is the part of the loss that the term gives there: never far
 * from the size of a loss, however steep the power. (Divided by the geometric mean, A of a steep
 * power is tiny; searches then crawl.) {@link Law#rescaled} brings the parameters back. A variable
 * on whose unit a constrained parameter depends keeps its unit.
 */
final class ScaledData {

  final Model model;
  final int points;
  final double[][] x;
  final double[][] logX;
  final double[] loss;
  final double[] logLoss;
  final double[] weight;
  final int[] set;
  final double largestLoss;
  final double lossFactor;
  final Dispersion dispersion;
  private final double[] factors;

  private ScaledData(
      Model model,
      double[][] x,
      double[][] logX,
      double[] loss,
      double[] logLoss,
      double[] weight,
      int[] set,
      double[] factors,
      double lossFactor,
      Dispersion dispersion) {
    this.model = model;
    this.points = loss.length;
    this.x = x;
    this.logX = logX;
    this.loss = loss;
    this.logLoss = logLoss;
    this.weight = weight;
    this.set = set;
    this.factors = factors;
    this.lossFactor = lossFactor;
    this.dispersion = dispersion;
    double largest = 0;
    for (double value : loss) {
      largest = Math.max(largest, value);
    }
    this.largestLoss = largest;
  }

  static ScaledData of(Law law, Observations data) {
    return of(Model.of(law, Constraints.none()), List.of(data));
  }

  /** Scales the points of all sets of a model by common factors. */
  static ScaledData of(Model model, List<Observations> sets) {
    Observations all = Pooled.of(sets);
    List<Variable> variables = model.law.variables();
    boolean[] kept = model.keptUnits();
    double[] factors = new double[variables.size()];
    for (int j = 0; j < factors.length; j++) {
      boolean positive = variables.get(j).domain() == Variable.Domain.POSITIVE;
      factors[j] = kept[j] ? 1 : positive ? smallest(all.x(), j) : largest(all.x(), j);
    }
    factors = model.law.unitFactors(factors);
    int points = all.size();
    double lossFactor = kept[factors.length] ? 1 : lossFactor(model.law, all.loss());
    double logLossFactor = Math.log(lossFactor);
    double[] loss = new double[points];
    double[] logLoss = new double[points];
    double[][] x = new double[points][factors.length];
    double[][] logX = new double[points][factors.length];
    for (int i = 0; i < points; i++) {
      loss[i] = all.loss()[i] / lossFactor;
      logLoss[i] = Math.log(all.loss()[i]) - logLossFactor;
      for (int j = 0; j < factors.length; j++) {
        double value = all.x()[i][j];
        // A ratio beyond the range of a double stays finite, and its logarithm right.
        x[i][j] = Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value / factors[j]));
        logX[i][j] = value > 0 ? Math.log(value) - Math.log(factors[j]) : Double.NaN;
      }
    }
    return new ScaledData(
        model,
        x,
        logX,
        loss,
        logLoss,
        all.weight().clone(),
        Pooled.sets(sets),
        factors,
        lossFactor,
        Dispersion.UNIT);
  }

  /** Returns evenly spaced points, at most {@code limit}; these data where there are no more. */
  ScaledData thinned(int limit) {
    if (points <= limit) {
      return this;
    }
    int[] chosen = new int[limit];
    for (int k = 0; k < limit; k++) {
      chosen[k] = (int) ((long) k * (points - 1) / (limit - 1));
    }
    double[][] someX = new double[limit][];
    double[][] someLogX = new double[limit][];
    double[] someLoss = new double[limit];
    double[] someLogLoss = new double[limit];
    double[] someWeight = new double[limit];
    int[] someSet = new int[limit];
    for (int k = 0; k < limit; k++) {
      int i = chosen[k];
      someX[k] = x[i];
      someLogX[k] = logX[i];
      someLoss[k] = loss[i];
      someLogLoss[k] = logLoss[i];
      someWeight[k] = weight[i];
      someSet[k] = set[i];
    }
    return new ScaledData(
        model,
        someX,
        someLogX,
        someLoss,
        someLogLoss,
        someWeight,
        someSet,
        factors,
        lossFactor,
        dispersion);
  }

  /** Returns these data with priors weighed against another dispersion of the residuals. */
  ScaledData with(Dispersion value) {
    return new ScaledData(model, x, logX, loss, logLoss, weight, set, factors, lossFactor, value);
  }

  /** Returns the number of free parameters. */
  int parameters() {
    return model.size();
  }

  /** Returns parameters for the data as given from parameters for the scaled ones. */
  double[] original(double[] theta) {
    return rescaled(theta, factors, lossFactor);
  }

  /** Returns parameters for the scaled data from parameters for those given. */
  double[] scaled(double[] theta) {
    double[] inverse = new double[factors.length];
    for (int j = 0; j < inverse.length; j++) {
      inverse[j] = 1 / factors[j];
    }
    return rescaled(theta, inverse, 1 / lossFactor);
  }

  private double[] rescaled(double[] theta, double[] by, double lossBy) {
    List<Parameter> parameters = model.law.parameters();
    double[] out = new double[theta.length];
    double[] whole = new double[parameters.size()];
    for (int k = model.sets - 1; k >= 0; k--) {
      model.expand(theta, k, whole);
      double[] moved = model.law.rescaled(whole.clone(), by);
      for (int p = 0; p < moved.length; p++) {
        moved[p] *= parameters.get(p).isLinear() ? lossBy : 1;
      }
      model.collapse(moved, k, out);
    }
    return out;
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

  /** A law that is linear in some parameters scales with them; any other is left as it is. */
  private static double lossFactor(Law law, double[] loss) {
    boolean linear = law.parameters().stream().anyMatch(Parameter::isLinear);
    double sum = 0;
    for (double value : loss) {
      sum += value == 0 ? 0 : Math.log(Math.abs(value));
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
