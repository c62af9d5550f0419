package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Chooses which runs to do next so that the forecast of a target becomes sharpest for the FLOPs.
 *
 * <p>With {@code C} the covariance {@code s^2 (J'J)^-1} of the parameters in log-loss, {@code g}
 * the gradient at the target and {@code j} that at a candidate, a run there lowers the variance of
 * the forecast by {@code (g'Cj)^2 / (s^2 + j'Cj)}. Candidates are taken one by one, best reduction
 * for each FLOP first and, as a second try, best reduction first; the sharper of the two sets
 * counts. It trusts the law: runs that would show the law to be wrong are not looked for.
 *
 * <p>Source: Fedorov 1972, Theory of Optimal Experiments (c-optimality, sequential); Krause and
 * Golovin 2014 (greedy choice under a budget).
 */
public final class ExperimentDesign {

  /** Share of the largest information below which a direction counts as unknown. */
  private static final double RIDGE = 1e-10;

  private final Law law;
  private final double[] theta;
  private final double noise;
  private final double[][] start;
  private final double[] aim;

  /**
   * One run to do.
   *
   * @param candidate number of the candidate
   * @param cost its FLOPs
   * @param error standard error of the forecast log-loss after this run and those before
   */
  public record Choice(int candidate, double cost, double error) {}

  /**
   * Takes what is known so far.
   *
   * @param fit a fit with more points than parameters
   * @param target variables of the run that is to be forecast
   * @throws IllegalArgumentException where the fit gives no noise
   */
  public ExperimentDesign(Fit fit, Observations data, double[] target) {
    this.law = fit.law();
    this.theta = fit.theta();
    this.noise = fit.noise();
    if (!(noise > 0)) {
      throw new IllegalArgumentException(
          "noise: " + noise + " (expected: above 0, from more points than parameters)");
    }
    double[][] information = new double[theta.length][theta.length];
    for (double[] x : data.x()) {
      double[] row = slope(x);
      for (int i = 0; i < row.length; i++) {
        for (int j = 0; j < row.length; j++) {
          information[i][j] += row[i] * row[j] / (noise * noise);
        }
      }
    }
    this.start = inverse(information);
    this.aim = slope(target);
  }

  /** Gradient of log-loss by the logarithm of each parameter: all of one size. */
  private double[] slope(double[] x) {
    double[] gradient = new double[theta.length];
    law.gradient(x, theta, gradient);
    double value = law.value(x, theta);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= theta[i] / value;
    }
    return gradient;
  }

  /** Returns the standard error of the forecast log-loss as things stand. */
  public double error() {
    return error(start);
  }

  private double error(double[][] covariance) {
    return Math.sqrt(Math.max(0, product(aim, times(covariance, aim))));
  }

  /**
   * Chooses runs for a budget, each candidate at most once.
   *
   * @param candidates variables of each run that could be done
   * @param cost FLOPs of a run
   * @param budget FLOPs of all together
   * @return the runs in the order chosen; empty where none is affordable
   */
  public List<Choice> choose(
      List<double[]> candidates, ToDoubleFunction<double[]> cost, double budget) {
    List<Choice> perFlop = greedy(candidates, cost, budget, true);
    List<Choice> largest = greedy(candidates, cost, budget, false);
    return last(largest) < last(perFlop) ? largest : perFlop;
  }

  private double last(List<Choice> choices) {
    return choices.isEmpty() ? error() : choices.get(choices.size() - 1).error;
  }

  private List<Choice> greedy(
      List<double[]> candidates, ToDoubleFunction<double[]> cost, double budget, boolean perFlop) {
    double[][] covariance = start;
    boolean[] used = new boolean[candidates.size()];
    List<Choice> choices = new ArrayList<>();
    double left = budget;
    while (true) {
      int best = -1;
      double bestValue = 0;
      double[] toAim = times(covariance, aim);
      for (int c = 0; c < used.length; c++) {
        double flops = cost.applyAsDouble(candidates.get(c));
        if (used[c] || flops > left) {
          continue;
        }
        double[] row = slope(candidates.get(c));
        double shared = product(row, toAim);
        double gain = shared * shared / (noise * noise + product(row, times(covariance, row)));
        double value = perFlop ? gain / flops : gain;
        if (value > bestValue) {
          best = c;
          bestValue = value;
        }
      }
      if (best < 0) {
        return choices;
      }
      used[best] = true;
      double flops = cost.applyAsDouble(candidates.get(best));
      left -= flops;
      covariance = after(covariance, slope(candidates.get(best)));
      choices.add(new Choice(best, flops, error(covariance)));
    }
  }

  /** Covariance after one more run (Sherman and Morrison). */
  private double[][] after(double[][] covariance, double[] row) {
    double[] moved = times(covariance, row);
    double scale = noise * noise + product(row, moved);
    double[][] next = new double[row.length][row.length];
    for (int i = 0; i < row.length; i++) {
      for (int j = 0; j < row.length; j++) {
        next[i][j] = covariance[i][j] - moved[i] * moved[j] / scale;
      }
    }
    return next;
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] result = new double[vector.length];
    for (int i = 0; i < vector.length; i++) {
      result[i] = product(matrix[i], vector);
    }
    return result;
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  /** Inverse by Gauss and Jordan, of the matrix with a small ridge on its diagonal. */
  private static double[][] inverse(double[][] matrix) {
    int n = matrix.length;
    double largest = 0;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, matrix[i][i]);
    }
    double[][] a = new double[n][2 * n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(matrix[i], 0, a[i], 0, n);
      a[i][i] += RIDGE * largest;
      a[i][n + i] = 1;
    }
    for (int k = 0; k < n; k++) {
      double pivot = a[k][k];
      for (int j = 0; j < 2 * n; j++) {
        a[k][j] /= pivot;
      }
      for (int i = 0; i < n; i++) {
        double factor = i == k ? 0 : a[i][k];
        for (int j = 0; factor != 0 && j < 2 * n; j++) {
          a[i][j] -= factor * a[k][j];
        }
      }
    }
    double[][] inverse = new double[n][n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(a[i], n, inverse[i], 0, n);
    }
    return inverse;
  }
}
