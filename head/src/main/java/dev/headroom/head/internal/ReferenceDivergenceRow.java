package dev.headroom.head.internal;

import dev.headroom.head.Distillation;

/** The divergence of one row and its gradient, in float64, by the formulas as they are written. */
final class ReferenceDivergenceRow {
  final double value;

  private final Distillation how;
  private final double[] p;
  private final double[] q;
  private final double[] y;

  /**
   * @param x logits of the student, minus infinity for absent classes
   * @param y logits of the teacher of the same classes
   * @param restrictsStudent whether classes that the teacher lacks are absent from p
   */
  ReferenceDivergenceRow(double[] x, double[] y, Distillation how, boolean restrictsStudent) {
    this.how = how;
    this.y = y;
    p = logSoftmax(x, restrictsStudent ? y : x);
    q = logSoftmax(y, x);
    value =
        switch (how.divergence()) {
          case FORWARD_KL -> expected(q, q) - expected(q, p);
          case REVERSE_KL -> expected(p, p) - expected(p, q);
          case JENSEN_SHANNON ->
              how.beta() * (expected(q, q) - expected(q, mixture()))
                  + (1 - how.beta()) * (expected(p, p) - expected(p, mixture()));
          case SYMMETRIC_CROSS_ENTROPY -> -expected(q, p) - expected(p, q);
          case INNER_PRODUCT -> -overlap();
          case EXPECTED_LOGIT -> -expected(p, y);
        };
  }

  /** Returns log softmax over the classes that another side has too. */
  private static double[] logSoftmax(double[] z, double[] other) {
    double[] log = new double[z.length];
    for (int v = 0; v < z.length; v++) {
      log[v] = other[v] == Double.NEGATIVE_INFINITY ? Double.NEGATIVE_INFINITY : z[v];
    }
    double lse = logSum(log);
    for (int v = 0; v < z.length; v++) {
      log[v] -= lse;
    }
    return log;
  }

  private static double logSum(double[] z) {
    double max = Double.NEGATIVE_INFINITY;
    for (double one : z) {
      max = Math.max(max, one);
    }
    if (max == Double.NEGATIVE_INFINITY) {
      return max;
    }
    double sum = 0;
    for (double one : z) {
      sum += Math.exp(one - max);
    }
    return max + Math.log(sum);
  }

  /** Returns sum_v exp(a_v) b_v, with 0 log 0 = 0. */
  private static double expected(double[] a, double[] b) {
    double sum = 0;
    for (int v = 0; v < a.length; v++) {
      double share = Math.exp(a[v]);
      sum += share == 0 ? 0 : share * b[v];
    }
    return sum;
  }

  private double[] mixture() {
    double[] m = new double[p.length];
    for (int v = 0; v < m.length; v++) {
      m[v] = logSum(new double[] {Math.log(how.beta()) + q[v], Math.log1p(-how.beta()) + p[v]});
    }
    return m;
  }

  /** Returns log sum p q. */
  private double overlap() {
    double[] products = new double[p.length];
    for (int v = 0; v < p.length; v++) {
      products[v] = p[v] + q[v];
    }
    return logSum(products);
  }

  /** Returns d value / d x. */
  double[] gradient() {
    double[] g = new double[p.length];
    double[] m = how.beta() > 0 ? mixture() : null;
    double center =
        switch (how.divergence()) {
          case FORWARD_KL -> 0;
          case REVERSE_KL -> value;
          case JENSEN_SHANNON -> expected(p, p) - expected(p, m);
          case SYMMETRIC_CROSS_ENTROPY -> expected(p, q);
          case INNER_PRODUCT -> overlap();
          case EXPECTED_LOGIT -> -value;
        };
    for (int v = 0; v < g.length; v++) {
      double share = Math.exp(p[v]);
      if (p[v] == Double.NEGATIVE_INFINITY) {
        continue;
      }
      g[v] =
          switch (how.divergence()) {
            case FORWARD_KL -> share - Math.exp(q[v]);
            case REVERSE_KL -> share * (p[v] - q[v] - center);
            case JENSEN_SHANNON -> (1 - how.beta()) * share * (p[v] - m[v] - center);
            case SYMMETRIC_CROSS_ENTROPY -> share - Math.exp(q[v]) - share * (q[v] - center);
            case INNER_PRODUCT -> share - Math.exp(p[v] + q[v] - center);
            case EXPECTED_LOGIT -> -share * (y[v] - center);
          };
    }
    return g;
  }
}
