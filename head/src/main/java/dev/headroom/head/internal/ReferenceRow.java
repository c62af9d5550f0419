package dev.headroom.head.internal;

import dev.headroom.head.HeadOptions;
import java.util.BitSet;
import java.util.function.IntPredicate;

/** One row of the head in float64: the formula of {@link HeadKernels}, term by term. */
final class ReferenceRow {
  final double[] z;
  final double lse;
  final double nll;
  final double smooth;
  final double soft;
  final double entropy;
  final double squares;
  final double variance;

  private final HeadProblem problem;
  private final HeadOptions options;
  private final Classes classes;
  private final int row;

  /**
   * Computes the statistics of a row.
   *
   * @param a raw logits, {@code <e,c_v> + b_v}; made into z in place
   */
  ReferenceRow(HeadProblem problem, Classes classes, int row, double[] a) {
    this.problem = problem;
    this.classes = classes;
    this.row = row;
    options = problem.options();
    z = a;
    for (int v = 0; v < z.length; v++) {
      z[v] = capped(options.logitScale() * z[v]);
    }
    lse = logSumExp(v -> false);
    nll = nll((int) problem.targets()[row]);
    smooth = smooth();
    soft = soft();
    entropy = entropy();
    double squareSum = 0;
    double spread = 0;
    for (double logit : z) {
      double p = Math.exp(logit - lse);
      squareSum += p * p;
      spread += p == 0 ? 0 : p * Math.pow(logit - lse + entropy, 2);
    }
    squares = squareSum;
    variance = spread;
  }

  private double capped(double s) {
    if (options.stableMax()) {
      return Math.copySign(Math.log1p(Math.abs(s)), s);
    }
    // tanh would turn a mask or an overflow into an ordinary logit
    boolean kept = options.softCap() == 0 || Double.isInfinite(s);
    return kept ? s : options.softCap() * Math.tanh(s / options.softCap());
  }

  private double logSumExp(IntPredicate without) {
    double max = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < z.length; v++) {
      max = without.test(v) ? max : Math.max(max, z[v]);
    }
    double sum = 0;
    for (int v = 0; v < z.length; v++) {
      boolean counts = !without.test(v) && max != Double.NEGATIVE_INFINITY;
      sum += counts ? Math.exp(z[v] - max) : 0;
    }
    return max + Math.log(sum);
  }

  /** Returns {@code log(1 + exp(gap))}, where {@code lse - z_t} would lose a share of p near 1. */
  private double nll(int target) {
    double gap = logSumExp(v -> v == target) - z[target];
    return gap > 40 ? gap : Math.log1p(Math.exp(gap));
  }

  /** Writes what is said of listed classes, where the row has a place for them; after the top. */
  void list(HeadResult.Rows rows) {
    int place = problem.place(row);
    if (place < 0) {
      return;
    }
    int each = problem.listed().each();
    for (int k = 0; rows.listed() != null && k < each; k++) {
      long id = problem.listed().id(rows, row, k);
      rows.listed()[place * each + k] = id < 0 ? Float.NEGATIVE_INFINITY : (float) z[(int) id];
    }
    if (rows.rest() != null) {
      rows.rest()[place] = (float) logSumExp(lists(rows)::get);
    }
  }

  private BitSet lists(HeadResult.Rows rows) {
    BitSet lists = new BitSet();
    for (int k = 0; problem.place(row) >= 0 && k < problem.listed().each(); k++) {
      long id = problem.listed().id(rows, row, k);
      if (id >= 0) {
        lists.set((int) id);
      }
    }
    return lists;
  }

  /** Adds the upstream gradients of listed logits, and that of the rest to all other classes. */
  private void addListed(double[] g, HeadResult.Rows rows) {
    for (int k = 0; problem.place(row) >= 0 && k < problem.listed().each(); k++) {
      long id = problem.listed().id(rows, row, k);
      if (id >= 0) {
        g[(int) id] += problem.uListed(row, k);
      }
    }
    double uRest = problem.uRest(row);
    if (uRest == 0) {
      return;
    }
    BitSet lists = lists(rows);
    double rest = logSumExp(lists::get);
    for (int v = 0; v < g.length; v++) {
      g[v] += lists.get(v) ? 0 : uRest * Math.exp(z[v] - rest);
    }
  }

  private double smooth() {
    if (classes.smoothed() == null) {
      return 0;
    }
    double sum = 0;
    for (int v = 0; v < z.length; v++) {
      // (an absent class has weight 0, and 0 x -inf is no number)
      sum += classes.smoothed()[v] == 0 ? 0 : classes.smoothed()[v] * (lse - z[v]);
    }
    return sum / classes.count();
  }

  private double soft() {
    double sum = 0;
    for (int k = 0; k < options.softTargets(); k++) {
      sum += counts(k) ? weight(k) * (lse - z[id(k)]) : 0;
    }
    return sum;
  }

  private double entropy() {
    double sum = lse;
    for (double logit : z) {
      sum -= logit == Double.NEGATIVE_INFINITY ? 0 : Math.exp(logit - lse) * logit;
    }
    return sum;
  }

  private boolean counts(int k) {
    return problem.soft().ids()[row * options.softTargets() + k] != options.ignoreIndex();
  }

  private int id(int k) {
    return (int) problem.soft().ids()[row * options.softTargets() + k];
  }

  private double weight(int k) {
    return problem.soft().weights()[row * options.softTargets() + k];
  }

  /**
   * Returns the gradient of the row's loss with respect to the raw logits.
   *
   * @param rows statistics, which name the classes of the largest logits
   */
  double[] gradient(HeadResult.Rows rows) {
    double r = problem.r()[row];
    double uEntropy = problem.uEntropy(row);
    double hard = (1 - options.labelSmoothing()) * r;
    double target = problem.soft() == null ? hard * classes.weight(problem.targets()[row]) : 0;
    double a =
        target
            + r * classes.spread()
            + 2 * options.zLoss() * lse * problem.rZ()[row]
            + problem.uLse(row)
            + uEntropy * (lse - entropy)
            - problem.uLogProb(row);
    double[] g = new double[z.length];
    for (int k = 0; k < options.softTargets(); k++) {
      if (counts(k)) {
        a += hard * weight(k);
        g[id(k)] -= hard * weight(k);
      }
    }
    addListed(g, rows);
    g[(int) problem.targets()[row]] -= target - problem.uLogProb(row);
    for (int v = 0; v < z.length; v++) {
      double w = classes.smoothed() == null ? 0 : classes.smoothed()[v];
      g[v] += Math.exp(z[v] - lse) * (a - uEntropy * z[v]) - r * classes.share() * w;
      double slope = options.softCap() == 0 ? 1 : 1 - Math.pow(z[v] / options.softCap(), 2);
      slope = options.stableMax() ? Math.exp(-Math.abs(z[v])) : slope;
      g[v] = z[v] == Double.NEGATIVE_INFINITY ? 0 : g[v] * options.logitScale() * slope;
    }
    return g;
  }

  /** Writes the classes of the largest logits, largest first, ties to the lower id. */
  void top(long[] ids, float[] logits) {
    int k = options.topK();
    boolean[] taken = new boolean[z.length];
    for (int place = row * k; place < (row + 1) * k; place++) {
      int best = -1;
      double most = Double.NEGATIVE_INFINITY;
      for (int v = 0; v < z.length; v++) {
        if (lse < Double.POSITIVE_INFINITY && !taken[v] && z[v] > most) {
          best = v;
          most = z[v];
        }
      }
      ids[place] = best;
      logits[place] = (float) most;
      if (best >= 0) {
        taken[best] = true;
      }
    }
  }
}
