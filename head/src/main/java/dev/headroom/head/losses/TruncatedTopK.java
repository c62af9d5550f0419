package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;

/**
 * Replaces the cross-entropy by one that asks no more of the target than to be among the best k:
 * the k - 1 strongest other classes do not count against it.
 *
 * <pre>
 *   loss = log(1 + sum over v in J of exp(z_v - z_t)),   J = all classes but t and the k - 1 strongest others
 *   d/dz_v = exp(z_v - z_t) / (1 + sum) for v in J,   d/dz_t = exp(-loss) - 1
 * </pre>
 *
 * <p>k = 1 is cross-entropy. The mass M of J and t is {@code 1 - S}, S that of the k - 1 others,
 * and at least what is known to be in it; where they take nearly all, the loss {@code nll + log M}
 * has the absolute error {@code 2^-24 |L| / M} and so have the entries of J, which float32 holds
 * down to 80 nats below L. Those of the target and of the k strongest are formed without a
 * difference. Which classes J leaves out is held constant: the loss has a kink where two change
 * places.
 *
 * <p>Not where one class is to be predicted, nor from scratch: it is not convex, and while the
 * target is far down most of what beats it gets no gradient. Start from cross-entropy. Source:
 * Lapin, Hein and Schiele 2016, Loss functions for top-k error: analysis and insights, section 2.2
 * (the truncated top-k entropy).
 *
 * @param k from 1 to {@link dev.headroom.head.HeadOptions#MOST_TOP}
 */
public record TruncatedTopK(int k) implements RowLoss {
  // e^80 is a float32
  private static final double MOST = 80;

  /** Checks k. */
  public TruncatedTopK {
    if (k < 1) {
      throw new IllegalArgumentException("k: " + k + " (expected: at least 1)");
    }
  }

  @Override
  public int listedTop() {
    return k;
  }

  @Override
  public boolean needsRest() {
    return true;
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      int own = k;
      for (int j = 0; j < k; j++) {
        own = rows.listedClass(i, j) == rows.target(i) ? j : own;
      }
      // where the target is not in the list, its last class is not among the k - 1
      int counts = own < k ? own : k - 1;
      double others = 0;
      for (int j = 0; j < k; j++) {
        others += j == counts ? 0 : Math.exp(rows.listed(i, j) - rows.lse(i));
      }
      double last = own < k ? Double.NEGATIVE_INFINITY : rows.listed(i, counts) - rows.lse(i);
      double left = rows.rest(i) - rows.lse(i);
      double logMass = logMass(others, left, own < k ? -rows.nll(i) : last);
      // (no less than what is known of it; NaN stays NaN)
      logMass = Math.max(logMass, join(-rows.nll(i), last));
      double value = rows.nll(i) + logMass;
      // to classes outside of the list: p / M
      rows.setRest(i, Math.exp(Math.min(MOST, -logMass) + left));
      if (own < k) {
        rows.setListed(i, own, Math.expm1(-value));
        rows.set(i, value, 0);
      } else {
        rows.setListed(i, counts, Math.exp(last - logMass));
        // z_t = L - nll: the two parts cancel but for the target's entry
        rows.set(i, value, 1, -1, 0);
      }
    }
  }

  /** Returns the log of the share that J and the target have of the mass. */
  private static double logMass(double others, double left, double listed) {
    // 1 - others has the error of the others' p, the rest that of the whole mass
    boolean small = others < 0.5 && left != Double.NEGATIVE_INFINITY;
    return small ? Math.log1p(-others) : join(left, listed);
  }

  /** Returns log(exp(x) + exp(y)). */
  private static double join(double x, double y) {
    double larger = Math.max(x, y);
    return larger == Double.NEGATIVE_INFINITY
        ? larger
        : larger + Math.log1p(Math.exp(Math.min(x, y) - larger));
  }

  @Override
  public String toString() {
    return "truncated top-" + k;
  }
}
