package dev.headroom.head.internal;

import dev.headroom.head.SphericalFunction;
import dev.headroom.head.SphericalFunction.Slope;
import java.util.Arrays;

/**
 * What a loss of the spherical family makes of its statistics, in float64; 0 on ignored rows.
 *
 * @param statistics losses of the rows
 * @param uMean [N] derivative by mu, o_t held, scale of the row included
 * @param uSpread [N] twice the derivative by S
 * @param uTarget [N,k] derivative by each target's o
 * @param degenerate how many rows the loss cannot tell classes apart in
 */
record SphericalRows(
    HeadResult.Rows statistics,
    double[] uMean,
    double[] uSpread,
    double[] uTarget,
    int degenerate) {

  /**
   * Statistics of N rows with k targets each; 0 where a target counts for nothing.
   *
   * @param mu [N] means of the outputs
   * @param spread [N] sums of (o - mu)^2
   * @param y [N,k] o_t - mu
   */
  record Statistics(double[] mu, double[] spread, double[] y) {
    static Statistics empty(int n, int k) {
      return new Statistics(new double[n], new double[n], new double[n * k]);
    }
  }

  /** Returns how many targets a row of the problem has. */
  static int targetCount(HeadProblem problem) {
    return Math.max(1, problem.options().softTargets());
  }

  /** Returns the [N,k] targets; the ignore index where one counts for nothing. */
  static long[] ids(HeadProblem problem) {
    if (problem.soft() == null) {
      return problem.targets();
    }
    long[] ids = problem.soft().ids().clone();
    int k = targetCount(problem);
    for (int i = 0; i < problem.n(); i++) {
      if (problem.ignored(i)) {
        Arrays.fill(ids, i * k, (i + 1) * k, problem.options().ignoreIndex());
      }
    }
    return ids;
  }

  static SphericalRows of(HeadProblem problem, SphericalFunction function, Statistics statistics) {
    int n = problem.n();
    int k = targetCount(problem);
    SphericalRows rows =
        new SphericalRows(
            HeadResult.Rows.empty(problem),
            new double[n],
            new double[n],
            new double[n * k],
            degenerate(problem, function, statistics));
    // losses first: they may change the scales of rows
    long[] ids = ids(problem);
    for (int i = 0; i < n; i++) {
      rows.addLosses(i, problem, function, statistics, ids);
    }
    problem.formBetween(rows.statistics, 0, n);
    for (int i = 0; i < n; i++) {
      rows.addSlopes(i, problem, function, statistics, ids);
    }
    return rows;
  }

  private static int degenerate(
      HeadProblem problem, SphericalFunction function, Statistics statistics) {
    int count = 0;
    for (int i = 0; i < problem.n(); i++) {
      count += !problem.ignored(i) && function.degenerate(statistics.spread[i]) ? 1 : 0;
    }
    return count;
  }

  private void addLosses(
      int i, HeadProblem problem, SphericalFunction function, Statistics statistics, long[] ids) {
    int k = targetCount(problem);
    double soft = 0;
    for (int at = i * k; at < (i + 1) * k; at++) {
      if (ids[at] == problem.options().ignoreIndex()) {
        continue;
      }
      double loss = slope(i, at, problem, function, statistics).loss();
      if (ids[at] == problem.targets()[i]) {
        this.statistics.nll()[i] = (float) loss;
      }
      soft += problem.soft() == null ? 0 : problem.soft().weights()[at] * loss;
    }
    if (problem.soft() != null) {
      this.statistics.soft()[i] = (float) soft;
    }
  }

  private void addSlopes(
      int i, HeadProblem problem, SphericalFunction function, Statistics statistics, long[] ids) {
    int k = targetCount(problem);
    float[] classWeights = problem.soft() == null ? problem.options().classWeights() : null;
    for (int at = i * k; at < (i + 1) * k; at++) {
      if (ids[at] == problem.options().ignoreIndex()) {
        continue;
      }
      Slope slope = slope(i, at, problem, function, statistics);
      double weight = classWeights == null ? 1 : classWeights[(int) ids[at]];
      double r = problem.r()[i] * (problem.soft() == null ? weight : problem.soft().weights()[at]);
      uMean[i] += r * slope.ofMean();
      uSpread[i] += 2 * r * slope.ofSpread();
      uTarget[at] = r * slope.ofTarget();
    }
  }

  private static Slope slope(
      int i, int at, HeadProblem problem, SphericalFunction function, Statistics statistics) {
    return function.at(
        problem.options().classes(), statistics.mu[i], statistics.spread[i], statistics.y[at]);
  }
}
