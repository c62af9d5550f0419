package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Finds starts by variable projection: only the nonlinear parameters are searched, on the law's
 * grid, and the linear ones are solved exactly at each point of it, within their signs.
 *
 * <p>For {@link Objective#HUBER_LOG} the linear problem is reweighted a few times, so that a few
 * wild points do not choose the start.
 *
 * <p>Source: Golub and Pereyra 1973, SIAM J. Numer. Anal. 10(2).
 */
final class Projection {

  private static final int REWEIGHTINGS = 4;

  /** Parameters with the objective there and their place on the grid. */
  record Start(double[] theta, double value, int[] cell) {}

  private final ScaledData data;
  private final Misfit misfit;
  private final boolean logarithmic;
  private final int reweightings;
  private final List<Parameter> parameters;
  private final int[] linear;
  private final int[] nonlinear;
  private final boolean[] signed;
  private final double[][] basis;
  private final double[] weights;
  private final double[] theta;
  private final double[] slope;
  private final double[] beta;
  private final NonNegative solver;

  Projection(ScaledData data, FitOptions options) {
    this.data = data;
    this.misfit = new Misfit(data, options);
    this.logarithmic = options.objective().isLogarithmic();
    this.reweightings = options.objective() == Objective.HUBER_LOG ? REWEIGHTINGS : 0;
    this.parameters = data.law.parameters();
    this.linear = indices(true);
    this.nonlinear = indices(false);
    this.signed = new boolean[linear.length];
    for (int k = 0; k < linear.length; k++) {
      signed[k] = parameters.get(linear[k]).lower() < 0;
    }
    this.basis = new double[data.points][linear.length];
    this.weights = new double[data.points];
    this.theta = new double[parameters.size()];
    this.slope = new double[parameters.size()];
    this.beta = new double[linear.length];
    this.solver = new NonNegative(linear.length);
  }

  /** Returns up to {@code count} of the best starts that are not neighbours on the grid. */
  List<Start> best(int count) {
    List<Start> all = new ArrayList<>();
    int[] cell = new int[nonlinear.length];
    do {
      for (int k = 0; k < cell.length; k++) {
        theta[nonlinear[k]] = parameters.get(nonlinear[k]).starts().get(cell[k]);
      }
      double value = project();
      if (value < Double.POSITIVE_INFINITY) {
        all.add(new Start(theta.clone(), value, cell.clone()));
      }
    } while (advance(cell));
    all.sort(Comparator.comparingDouble(Start::value));
    List<Start> best = new ArrayList<>();
    for (Start start : all) {
      if (best.size() < count && !hasNeighbour(best, start)) {
        best.add(start);
      }
    }
    return best;
  }

  /** Solves the linear parameters at the nonlinear ones in {@code theta}; returns the objective. */
  private double project() {
    for (int i = 0; i < data.points; i++) {
      data.law.evaluate(data.x[i], data.logX[i], theta, slope);
      for (int k = 0; k < linear.length; k++) {
        basis[i][k] = slope[linear[k]];
      }
      weights[i] = logarithmic ? 1 / (data.loss[i] * data.loss[i]) : 1;
    }
    double value = 0;
    for (int round = 0; round <= reweightings; round++) {
      if (linear.length > 0) {
        solve();
      }
      value = score();
    }
    return value;
  }

  private void solve() {
    int size = linear.length;
    double[][] gram = new double[size][size];
    double[] rhs = new double[size];
    for (int i = 0; i < data.points; i++) {
      for (int a = 0; a < size; a++) {
        double weighted = weights[i] * basis[i][a];
        rhs[a] += weighted * data.loss[i];
        for (int b = 0; b <= a; b++) {
          gram[a][b] += weighted * basis[i][b];
        }
      }
    }
    for (int a = 0; a < size; a++) {
      for (int b = 0; b < a; b++) {
        gram[b][a] = gram[a][b];
      }
    }
    solver.solve(gram, rhs, signed, beta);
    for (int k = 0; k < size; k++) {
      theta[linear[k]] = beta[k];
    }
  }

  /** Returns the objective, and sets the weights of the next round. */
  private double score() {
    double sum = 0;
    for (int i = 0; i < data.points; i++) {
      double predicted = predict(i);
      double residual =
          logarithmic ? Math.log(predicted) - data.logLoss[i] : predicted - data.loss[i];
      if (!(Math.abs(residual) < Double.POSITIVE_INFINITY)) {
        return Double.POSITIVE_INFINITY;
      }
      sum += misfit.rho(residual);
      if (logarithmic) {
        weights[i] = misfit.weight(residual) / (data.loss[i] * data.loss[i]);
      }
    }
    return sum;
  }

  private double predict(int point) {
    if (linear.length == 0) {
      return data.law.evaluate(data.x[point], data.logX[point], theta, slope);
    }
    double predicted = 0;
    for (int k = 0; k < linear.length; k++) {
      predicted += beta[k] * basis[point][k];
    }
    return predicted;
  }

  private boolean advance(int[] cell) {
    for (int k = 0; k < cell.length; k++) {
      if (++cell[k] < parameters.get(nonlinear[k]).starts().size()) {
        return true;
      }
      cell[k] = 0;
    }
    return false;
  }

  private static boolean hasNeighbour(List<Start> chosen, Start start) {
    for (Start other : chosen) {
      boolean near = true;
      for (int k = 0; k < start.cell.length; k++) {
        near &= Math.abs(start.cell[k] - other.cell[k]) <= 1;
      }
      if (near) {
        return true;
      }
    }
    return false;
  }

  private int[] indices(boolean wanted) {
    int[] found = new int[parameters.size()];
    int count = 0;
    for (int i = 0; i < found.length; i++) {
      if (parameters.get(i).isLinear() == wanted) {
        found[count++] = i;
      }
    }
    return Arrays.copyOf(found, count);
  }
}
