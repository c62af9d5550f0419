package dev.headroom.scaling.fit;

import java.util.Arrays;

/**
 * Evaluates the objective and its exact gradient: a sum over the points, each counted by its weight
 * and as often as it was drawn, and over the priors.
 *
 * <p>Holds scratch space, allocates nothing in an evaluation, and belongs to one thread.
 */
final class Misfit {

  final ScaledData data;
  final int parameters;
  private final Values law;
  private final Objective objective;
  private final Penalty penalty;
  private final Prior[] priors;
  private final double unit;
  private final double[] drawn;
  private final double[] slope;
  private final double[][] slopes;
  private final double[] residuals;
  private final int[] rows;
  private final double[] weights;
  private double[] loss;
  private double[] logLoss;
  private int used;
  private double total;

  Misfit(ScaledData data, FitOptions options) {
    this.data = data;
    this.law = new Values(data);
    this.parameters = data.parameters();
    this.objective = options.objective();
    this.penalty = new Penalty(options);
    this.priors = data.model.priors;
    this.unit = data.dispersion.unit();
    this.drawn = new double[parameters];
    this.slope = new double[parameters];
    boolean student = objective == Objective.STUDENT_T;
    this.slopes = new double[student ? data.points : 0][parameters];
    this.residuals = new double[student ? data.points : 0];
    this.rows = new int[data.points];
    this.weights = new double[data.points];
    this.loss = data.loss;
    this.logLoss = data.logLoss;
    int[] once = new int[data.points];
    Arrays.fill(once, 1);
    weigh(once);
  }

  /** Counts each point as often as given; points with a count of 0 cost nothing. */
  void weigh(int[] counts) {
    used = 0;
    total = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        rows[used] = i;
        weights[used] = counts[i] * data.weight[i];
        total += weights[used++];
      }
    }
  }

  /** Takes other losses, in scaled units; the arrays are read in later evaluations. */
  void observe(double[] losses, double[] logLosses) {
    loss = losses;
    logLoss = logLosses;
  }

  /** Moves the centre of each prior, in its deviations: a resample of what was known. */
  void observePriors(double[] moves) {
    System.arraycopy(moves, 0, drawn, 0, parameters);
  }

  /** Returns what residuals cost; for Student's t with the scale of the last evaluation. */
  Penalty penalty() {
    return penalty;
  }

  /** Returns the objective and writes its gradient; infinite where the law gives no valid loss. */
  double evaluate(double[] theta, double[] gradient) {
    Arrays.fill(gradient, 0);
    law.at(theta);
    double sum = objective == Objective.STUDENT_T ? student(gradient) : separate(gradient);
    return sum < Double.POSITIVE_INFINITY ? sum + priors(theta, gradient) : sum;
  }

  private double separate(double[] gradient) {
    boolean logarithmic = objective != Objective.LEAST_SQUARES;
    double sum = 0;
    for (int k = 0; k < used; k++) {
      int i = rows[k];
      double predicted = law.value(i, slope);
      double factor = logarithmic ? weights[k] / predicted : weights[k];
      double residual = logarithmic ? logRatio(predicted, i) : predicted - loss[i];
      if (!(Math.abs(residual) < Double.POSITIVE_INFINITY)) {
        return Double.POSITIVE_INFINITY;
      }
      sum += weights[k] * penalty.rho(residual);
      factor *= penalty.psi(residual);
      for (int j = 0; j < slope.length; j++) {
        gradient[j] += factor * slope[j];
      }
    }
    return sum;
  }

  /** The scale is at its optimum, so it adds nothing to the gradient. */
  private double student(double[] gradient) {
    for (int k = 0; k < used; k++) {
      int i = rows[k];
      double predicted = law.value(i, slopes[k]);
      residuals[k] = logRatio(predicted, i);
      if (!(Math.abs(residuals[k]) < Double.POSITIVE_INFINITY)) {
        return Double.POSITIVE_INFINITY;
      }
      for (int j = 0; j < parameters; j++) {
        slopes[k][j] /= predicted;
      }
    }
    penalty.rescale(residuals, weights, used);
    double sum = 0;
    for (int k = 0; k < used; k++) {
      sum += weights[k] * penalty.rho(residuals[k]);
      double factor = weights[k] * penalty.psi(residuals[k]);
      for (int j = 0; j < parameters; j++) {
        gradient[j] += factor * slopes[k][j];
      }
    }
    return sum;
  }

  /** Returns the part of the objective that the priors add. */
  double priorTerm(double[] theta) {
    return priors(theta, new double[parameters]);
  }

  private double priors(double[] theta, double[] gradient) {
    double sum = 0;
    for (int j = 0; j < parameters; j++) {
      if (priors[j] != null) {
        double z = priors[j].z(theta[j]) - drawn[j];
        sum += .5 * unit * z * z;
        gradient[j] += unit * z * priors[j].slope(theta[j]);
      }
    }
    return Double.isNaN(sum) ? Double.POSITIVE_INFINITY : sum;
  }

  /**
   * Writes the Gauss-Newton matrix, with the robust weights {@code psi(r)/r}: positive
   * semidefinite, and never less curved than the objective's quadratic majorant.
   */
  void curvature(double[] theta, double[][] out) {
    for (double[] row : out) {
      Arrays.fill(row, 0);
    }
    law.at(theta);
    for (int k = 0; k < used; k++) {
      double weight = weights[k] * square(rows[k]);
      for (int a = 0; a < slope.length; a++) {
        double scaled = weight * slope[a];
        for (int b = 0; b <= a; b++) {
          out[a][b] += scaled * slope[b];
        }
      }
    }
    for (int a = 0; a < slope.length; a++) {
      double prior = priors[a] == null ? 0 : priors[a].slope(theta[a]);
      out[a][a] += prior == 0 ? 0 : unit * prior * prior;
      for (int b = 0; b < a; b++) {
        out[b][a] = out[a][b];
      }
    }
  }

  /** Writes the diagonal of {@link #curvature}. */
  void diagonal(double[] theta, double[] out) {
    Arrays.fill(out, 0);
    law.at(theta);
    for (int k = 0; k < used; k++) {
      double weight = weights[k] * square(rows[k]);
      for (int a = 0; a < slope.length; a++) {
        out[a] += weight * slope[a] * slope[a];
      }
    }
    for (int a = 0; a < slope.length; a++) {
      double prior = priors[a] == null ? 0 : priors[a].slope(theta[a]);
      out[a] += prior == 0 ? 0 : unit * prior * prior;
    }
  }

  private double logRatio(double predicted, int row) {
    return logRatio(predicted, loss[row], logLoss[row]);
  }

  /**
   * Returns {@code log(predicted / loss)}. Near 1 by the series of the inverse hyperbolic tangent:
   * cheaper than a logarithm, and without the rounding of a difference.
   */
  static double logRatio(double predicted, double loss, double logLoss) {
    double z = (predicted - loss) / (predicted + loss);
    if (!(Math.abs(z) < .02)) {
      return Math.log(predicted) - logLoss;
    }
    double q = z * z;
    return 2 * z * (1 + q * (1. / 3 + q * (1. / 5 + q * (1. / 7 + q * (1. / 9 + q * (1. / 11))))));
  }

  /** Sets the slope of one point and returns the factor of its square in the curvature. */
  private double square(int row) {
    double predicted = law.value(row, slope);
    if (objective == Objective.LEAST_SQUARES) {
      return 2;
    }
    return penalty.weight(logRatio(predicted, row)) / (predicted * predicted);
  }

  /**
   * Returns the rounding error of an objective of this value: residuals are differences of numbers
   * of the size of the losses (or 1, for logarithms), good to about 1e-16 of them.
   */
  double rounding(double value) {
    if (objective == Objective.STUDENT_T) {
      return 4e-16 * (Math.abs(value) + total / penalty.scale());
    }
    double size = objective == Objective.LEAST_SQUARES ? data.largestLoss : 1;
    return 1e-28 * size * size * data.points
        + 4e-16 * (value + size * Math.sqrt(data.points * value));
  }

  /** Returns the size of the objective against which changes are small or not. */
  double size(double value) {
    return objective == Objective.STUDENT_T ? total : value;
  }

  /** Returns the number of points and priors. */
  int rows() {
    int count = data.points;
    for (Prior prior : priors) {
      count += prior == null ? 0 : 1;
    }
    return count;
  }

  /**
   * Writes the residuals of all points as given and then of the priors, with the rows of their
   * Jacobian; points unweighted, priors as if each were a point of weight 1.
   */
  void residuals(double[] theta, double[] out, double[][] jacobian) {
    law.at(theta);
    for (int i = 0; i < data.points; i++) {
      double predicted = law.value(i, jacobian[i]);
      if (objective == Objective.LEAST_SQUARES) {
        out[i] = predicted - data.loss[i];
        continue;
      }
      out[i] = logRatio(predicted, data.loss[i], data.logLoss[i]);
      for (int j = 0; j < parameters; j++) {
        jacobian[i][j] /= predicted;
      }
    }
    int next = data.points;
    double deviation = Math.sqrt(data.dispersion.variance());
    for (int j = 0; j < parameters; j++) {
      if (priors[j] != null) {
        Arrays.fill(jacobian[next], 0);
        out[next] = deviation * priors[j].z(theta[j]);
        jacobian[next++][j] = deviation * priors[j].slope(theta[j]);
      }
    }
  }

  /** Multiplies the rows of points by the roots of their weights. */
  void weighRows(double[] out, double[][] jacobian) {
    for (int i = 0; i < data.points; i++) {
      double root = Math.sqrt(data.weight[i]);
      if (root != 1) {
        out[i] *= root;
        for (int j = 0; j < jacobian[i].length; j++) {
          jacobian[i][j] *= root;
        }
      }
    }
  }
}
