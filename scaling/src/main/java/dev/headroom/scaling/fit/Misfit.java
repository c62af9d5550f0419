package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.Arrays;

/**
 * Evaluates the objective and its exact gradient; a sum over the points, each counted as often as
 * its weight says.
 *
 * <p>Holds scratch space, allocates nothing in an evaluation, and belongs to one thread.
 */
final class Misfit {

  final ScaledData data;
  final int parameters;
  private final Law law;
  private final Objective objective;
  private final double delta;
  private final double[] slope;
  private final int[] rows;
  private final double[] weights;
  private int used;

  Misfit(ScaledData data, FitOptions options) {
    this.data = data;
    this.law = data.law;
    this.parameters = law.parameters().size();
    this.objective = options.objective();
    this.delta = options.delta();
    this.slope = new double[parameters];
    this.rows = new int[data.points];
    this.weights = new double[data.points];
    for (int i = 0; i < data.points; i++) {
      rows[i] = i;
      weights[i] = 1;
    }
    this.used = data.points;
  }

  /** Counts each point as often as given; points with a count of 0 cost nothing. */
  void weigh(int[] counts) {
    used = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        rows[used] = i;
        weights[used++] = counts[i];
      }
    }
  }

  /** Returns the objective and writes its gradient; infinite where the law gives no valid loss. */
  double evaluate(double[] theta, double[] gradient) {
    Arrays.fill(gradient, 0);
    double sum = 0;
    for (int k = 0; k < used; k++) {
      int i = rows[k];
      double predicted = law.evaluate(data.x[i], data.logX[i], theta, slope);
      double factor = weights[k];
      double residual;
      if (objective == Objective.LEAST_SQUARES) {
        residual = predicted - data.loss[i];
      } else {
        residual = Math.log(predicted) - data.logLoss[i];
        factor /= predicted;
      }
      if (!(Math.abs(residual) < Double.POSITIVE_INFINITY)) {
        return Double.POSITIVE_INFINITY;
      }
      sum += weights[k] * rho(residual);
      factor *= psi(residual);
      for (int j = 0; j < slope.length; j++) {
        gradient[j] += factor * slope[j];
      }
    }
    return sum;
  }

  /**
   * Writes the Gauss-Newton matrix, with Huber's weights {@code psi(r)/r}: positive semidefinite,
   * and never less curved than the objective's quadratic majorant.
   */
  void curvature(double[] theta, double[][] out) {
    for (double[] row : out) {
      Arrays.fill(row, 0);
    }
    for (int k = 0; k < used; k++) {
      int i = rows[k];
      double predicted = law.evaluate(data.x[i], data.logX[i], theta, slope);
      double weight = weights[k];
      if (objective == Objective.LEAST_SQUARES) {
        weight *= 2;
      } else {
        double residual = Math.log(predicted) - data.logLoss[i];
        weight *= weight(residual) / (predicted * predicted);
      }
      for (int a = 0; a < slope.length; a++) {
        double scaled = weight * slope[a];
        for (int b = 0; b <= a; b++) {
          out[a][b] += scaled * slope[b];
        }
      }
    }
    for (int a = 0; a < slope.length; a++) {
      for (int b = 0; b < a; b++) {
        out[b][a] = out[a][b];
      }
    }
  }

  /**
   * Returns the rounding error of an objective of this value: residuals are differences of numbers
   * of the size of the losses (or 1, for logarithms), good to about 1e-16 of them.
   */
  double rounding(double value) {
    double size = objective == Objective.LEAST_SQUARES ? data.largestLoss : 1;
    return 1e-28 * size * size * data.points
        + 4e-16 * (value + size * Math.sqrt(data.points * value));
  }

  /** Returns the contribution of one residual to the objective. */
  double rho(double residual) {
    if (objective != Objective.HUBER_LOG) {
      return residual * residual;
    }
    double size = Math.abs(residual);
    return size <= delta ? .5 * residual * residual : delta * (size - .5 * delta);
  }

  /** Returns the derivative of {@link #rho}. */
  double psi(double residual) {
    if (objective != Objective.HUBER_LOG) {
      return 2 * residual;
    }
    return Math.max(-delta, Math.min(delta, residual));
  }

  /** Returns {@code psi(r)/r}, which is 2 for squares. */
  double weight(double residual) {
    if (objective != Objective.HUBER_LOG) {
      return 2;
    }
    double size = Math.abs(residual);
    return size <= delta ? 1 : delta / size;
  }

  /** Writes the residuals and the rows of their Jacobian, unweighted, for all points. */
  void residuals(double[] theta, double[] out, double[][] jacobian) {
    for (int i = 0; i < data.points; i++) {
      double predicted = law.evaluate(data.x[i], data.logX[i], theta, jacobian[i]);
      if (objective == Objective.LEAST_SQUARES) {
        out[i] = predicted - data.loss[i];
        continue;
      }
      out[i] = Math.log(predicted) - data.logLoss[i];
      for (int j = 0; j < parameters; j++) {
        jacobian[i][j] /= predicted;
      }
    }
  }
}
