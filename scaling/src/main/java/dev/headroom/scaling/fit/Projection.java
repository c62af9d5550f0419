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

  /** The most cells of a grid that are tried. */
  private static final int CELLS = 4000;

  /** Parameters with the objective there and their place on the grid. */
  record Start(double[] theta, double value, int[] cell) {}

  private final ScaledData data;
  private final Misfit misfit;
  private final Penalty penalty;
  private final Values law;
  private final boolean logarithmic;
  private final int reweightings;
  private final List<Parameter> parameters;
  private final List<List<Double>> grid;
  private final int[] linear;
  private final int[] nonlinear;
  private final boolean[] signed;
  private final double[][] basis;
  private final double[] offset;
  private final double[] weights;
  private final double[] theta;
  private final double[] slope;
  private final double[] beta;
  private final NonNegative solver;

  Projection(ScaledData data, FitOptions options) {
    this.data = data;
    this.law = new Values(data);
    boolean student = options.objective() == Objective.STUDENT_T;
    FitOptions used = student ? options.withObjective(Objective.HUBER_LOG) : options;
    this.penalty = new Penalty(used);
    this.misfit = new Misfit(data, used);
    this.logarithmic = used.objective().isLogarithmic();
    this.reweightings = used.objective() == Objective.HUBER_LOG ? REWEIGHTINGS : 0;
    this.parameters = data.model.parameters;
    this.linear = indices(true);
    this.nonlinear = indices(false);
    this.grid = grid();
    this.offset = new double[data.points];
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
        theta[nonlinear[k]] = grid.get(k).get(cell[k]);
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
    for (int k : linear) {
      theta[k] = 0;
    }
    law.at(theta);
    for (int i = 0; i < data.points; i++) {
      offset[i] = law.value(i, slope);
      for (int k = 0; k < linear.length; k++) {
        basis[i][k] = slope[linear[k]];
      }
      weights[i] = weight(i, 1);
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
        rhs[a] += weighted * (data.loss[i] - offset[i]);
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
      Parameter parameter = parameters.get(linear[k]);
      beta[k] = Math.max(parameter.lower(), Math.min(parameter.upper(), beta[k]));
      theta[linear[k]] = beta[k];
    }
  }

  /** A square of a difference of losses, divided by the loss, is nearly one of logarithms. */
  private double weight(int point, double robust) {
    double loss = data.loss[point];
    return data.weight[point] * (logarithmic ? robust / (loss * loss) : 1);
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
      sum += data.weight[i] * penalty.rho(residual);
      weights[i] = weight(i, penalty.weight(residual));
    }
    return sum + misfit.priorTerm(theta);
  }

  private double predict(int point) {
    double predicted = offset[point];
    for (int k = 0; k < linear.length; k++) {
      predicted += beta[k] * basis[point][k];
    }
    return predicted;
  }

  /** Leaves out starts of the longest lists until the grid has few enough cells. */
  private List<List<Double>> grid() {
    List<List<Double>> lists = new ArrayList<>();
    long cells = 1;
    for (int k : nonlinear) {
      lists.add(parameters.get(k).starts());
      cells *= parameters.get(k).starts().size();
    }
    while (cells > CELLS) {
      int longest = 0;
      for (int k = 1; k < lists.size(); k++) {
        longest = lists.get(k).size() > lists.get(longest).size() ? k : longest;
      }
      int size = lists.get(longest).size();
      lists.set(longest, fewer(lists.get(longest)));
      cells = cells / size * lists.get(longest).size();
    }
    return lists;
  }

  /** Returns about two thirds of a list, evenly spaced; the middle one of two. */
  private static List<Double> fewer(List<Double> list) {
    int size = Math.max(1, 2 * list.size() / 3);
    List<Double> kept = new ArrayList<>();
    for (int k = 0; k < size; k++) {
      kept.add(list.get((2 * k + 1) * list.size() / (2 * size)));
    }
    return kept;
  }

  private boolean advance(int[] cell) {
    for (int k = 0; k < cell.length; k++) {
      if (++cell[k] < grid.get(k).size()) {
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
