package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;

/**
 * Forms the N x V outputs of the spherical family in float64: the truth that the other rungs are
 * held against.
 */
final class ReferenceSpherical implements SphericalKernels.Pass {
  // an output is rounded to 2^-53 of its size: below that a spread is none
  private static final double ROUNDING = 1e-13;

  private final HeadProblem problem;
  private final Wanted wanted;
  private final int d;
  private final int v;
  private final int k;
  private final long[] ids;
  private final float[] e;
  private final float[] c;
  private final double[][] o;
  private SphericalRows.Statistics statistics;

  ReferenceSpherical(HeadProblem problem, Wanted wanted) {
    this.problem = problem;
    this.wanted = wanted;
    d = Math.toIntExact(problem.options().width());
    v = Math.toIntExact(problem.options().classes());
    k = SphericalRows.targetCount(problem);
    ids = SphericalRows.ids(problem);
    e = ReferenceKernels.floats(problem.e());
    c = ReferenceKernels.floats(problem.c());
    o = new double[problem.n()][];
  }

  @Override
  public SphericalRows.Statistics statistics() {
    statistics = SphericalRows.Statistics.empty(problem.n(), k);
    for (int i = 0; i < problem.n(); i++) {
      if (problem.ignored(i)) {
        continue;
      }
      o[i] = outputs(i);
      double sum = 0;
      double most = 0;
      for (double x : o[i]) {
        sum += x;
        most = Math.max(most, Math.abs(x));
      }
      double mu = sum / v;
      double spread = 0;
      for (double x : o[i]) {
        spread += (x - mu) * (x - mu);
      }
      boolean none = spread <= v * (ROUNDING * most) * (ROUNDING * most);
      statistics.mu()[i] = mu;
      statistics.spread()[i] = none ? 0 : spread;
      for (int at = i * k; at < (i + 1) * k; at++) {
        boolean counts = ids[at] != problem.options().ignoreIndex();
        statistics.y()[at] = counts ? o[i][(int) ids[at]] - mu : 0;
      }
    }
    return statistics;
  }

  private double[] outputs(int row) {
    double[] outputs = new double[v];
    for (int j = 0; j < v; j++) {
      for (int l = 0; l < d; l++) {
        outputs[j] += (double) e[row * d + l] * c[j * d + l];
      }
    }
    return outputs;
  }

  @Override
  public HeadResult gradients(SphericalRows rows) {
    double[] dE = new double[problem.n() * d];
    double[] dC = new double[Math.multiplyExact(v, d)];
    for (int i = 0; i < problem.n(); i++) {
      if (problem.ignored(i)) {
        continue;
      }
      double[] g = new double[v];
      for (int j = 0; j < v; j++) {
        g[j] = rows.uMean()[i] / v + rows.uSpread()[i] * (o[i][j] - statistics.mu()[i]);
      }
      for (int at = i * k; at < (i + 1) * k; at++) {
        if (ids[at] != problem.options().ignoreIndex()) {
          g[(int) ids[at]] += rows.uTarget()[at];
        }
      }
      for (int j = 0; j < v; j++) {
        for (int l = 0; l < d; l++) {
          dE[i * d + l] += g[j] * c[j * d + l];
          dC[j * d + l] += g[j] * e[i * d + l];
        }
      }
    }
    NDManager manager = problem.e().getManager();
    NDArray intoC = wanted.intoC();
    return new HeadResult(
        rows.statistics(),
        wanted.hidden() ? ReferenceKernels.deliver(manager, dE, null, problem.n(), d) : null,
        wanted.classifier() ? ReferenceKernels.deliver(manager, dC, intoC, v, d) : null,
        null);
  }

  @Override
  public void close() {}
}
