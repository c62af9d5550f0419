package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
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
   * @param terms what other losses add, or null
   */
  RowLosses(HeadProblem problem, HeadResult.Rows statistics, RowTerms terms) {
    HeadOptions options = problem.options();
    float[] classWeights = problem.soft() == null ? options.classWeights() : null;
    double eps = options.labelSmoothing();
    boolean replaced = terms != null && terms.replaceCrossEntropy();
    float[] r = replaced ? terms.given().r() : problem.r();
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
      double added = terms == null ? 0 : terms.value(i);
      double entropy = replaced ? 0 : r[i] * ((1 - eps) * own + spread);
      double row = entropy + z + added;
      zLoss[i] = (float) z;
      rows[i] = (float) row;
      total += row;
      scales += r[i];
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
    HeadProblem scaled = problem.withScales(r, rZ);
    RowUpstream own = problem.upstream();
    if (own == null) {
      return scaled;
    }
    return scaled.withUpstream(
        new RowUpstream(
            product(own.lse(), g),
            product(own.entropy(), g),
            product(own.logProb(), g),
            own.listed() == null ? null : listed(problem, own.listed(), problem.listed().each(), g),
            own.rest() == null ? null : listed(problem, own.rest(), 1, g)));
  }

  private static float[] product(float[] x, float[] y) {
    if (x == null) {
      return null;
    }
    float[] product = new float[x.length];
    for (int i = 0; i < product.length; i++) {
      product[i] = x[i] * y[i];
    }
    return product;
  }

  /** Returns values of lists [places,k], each times that of its row. */
  private static float[] listed(HeadProblem problem, float[] values, int k, float[] g) {
    float[] listed = values.clone();
    for (int i = 0; i < g.length; i++) {
      int place = (int) problem.listed().places()[i];
      for (int at = place * k; place >= 0 && at < (place + 1) * k; at++) {
        listed[at] *= g[i];
      }
    }
    return listed;
  }
}
