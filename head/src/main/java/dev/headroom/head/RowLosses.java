package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.RowScales;
import java.util.List;

/** Puts the losses of rows together from what the kernels return, in float64. */
final class RowLosses {
  final float[] rows;
  final float[] zLoss;
  final double sum;
  final int nonFinite;

  /**
   * Computes {@code r ((1-eps) (w_t nll or soft) + eps smooth) + r_z lambda lse^2} of each row.
   *
   * @param problem scales and options
   * @param statistics of the forward pass
   */
  RowLosses(HeadProblem problem, HeadResult.Rows statistics) {
    HeadOptions options = problem.options();
    float[] classWeights = problem.soft() == null ? options.classWeights() : null;
    double eps = options.labelSmoothing();
    int n = problem.targets().length;
    rows = new float[n];
    zLoss = new float[n];
    double total = 0;
    double scales = 0;
    int bad = 0;
    for (int i = 0; i < n; i++) {
      if (problem.targets()[i] == options.ignoreIndex()) {
        continue;
      }
      double weight = classWeights == null ? 1 : classWeights[(int) problem.targets()[i]];
      double own = problem.soft() == null ? weight * statistics.nll()[i] : statistics.soft()[i];
      double spread = eps == 0 ? 0 : eps * statistics.smooth()[i];
      double lse = statistics.lse()[i];
      double z = problem.rZ()[i] * options.zLoss() * lse * lse;
      double row = problem.r()[i] * ((1 - eps) * own + spread) + z;
      zLoss[i] = (float) z;
      rows[i] = (float) row;
      total += row;
      scales += problem.r()[i];
      bad += Double.isFinite(row) ? 0 : 1;
    }
    boolean empty = options.reduction() == Reduction.MEAN && scales == 0;
    sum = empty && options.strictMean() ? Double.NaN : total;
    nonFinite = bad;
  }

  /** Returns the same call with token weights that take up the losses of the forward pass. */
  static HeadProblem reweighted(HeadProblem problem, HeadResult.Rows forward) {
    Reweighting reweighting = problem.options().reweighting();
    if (reweighting == null) {
      return problem;
    }
    boolean[] kept = new boolean[problem.targets().length];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = problem.targets()[i] != problem.options().ignoreIndex();
    }
    float[] losses = problem.soft() == null ? forward.nll() : forward.soft();
    return RowScales.reweighted(problem, reweighting.factors(losses, kept));
  }

  /** Returns the same call with each row's scales multiplied by its upstream gradient. */
  static HeadProblem scaled(HeadProblem problem, List<float[]> upstream) {
    float[] g = upstream.get(0);
    float[] r = new float[g.length];
    float[] rZ = new float[g.length];
    for (int i = 0; i < g.length; i++) {
      r[i] = g[i] * problem.r()[i];
      rZ[i] = g[i] * problem.rZ()[i];
    }
    return problem.withScales(r, rZ);
  }
}
