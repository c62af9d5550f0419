package dev.headroom.head.losses;

/**
 * Replaces the cross-entropy by {@code (1 - p^q) / q}, which bounds what a wrong label costs.
 *
 * <pre>
 *   phi(nll) = (1 - exp(-q nll)) / q,   phi' = p^q;   q = 0: nll
 * </pre>
 *
 * <p>With {@code q = tau - 1} this is the whole comp-sum family: q = 0 cross-entropy, 0 &lt; q &lt;
 * 1 generalised cross-entropy, q = 1 mean absolute error {@code 1 - p}, q = -1 the sum of
 * exponentials {@code sum over v other than t of exp(z_v - z_t)}.
 *
 * <p>With q &lt; 0 the loss grows as {@code p^q} and would overflow: from {@code |q| nll = 40} on
 * it goes on along its tangent, of slope {@code e^40}, whose square is still a float32.
 *
 * <p>Not for clean labels, nor from scratch with q near 1: a row of small p has the factor p^q and
 * is hardly learnt, and with V large p starts at 1/V. Sources: Zhang and Sabuncu 2018, Generalized
 * cross entropy loss for training deep neural networks with noisy labels; Mao, Mohri and Zhong
 * 2023, Cross-entropy loss functions: theoretical analysis and applications.
 *
 * @param q -1 or more
 */
public record GeneralizedCrossEntropy(double q) implements NllLoss {
  private static final double MOST = 40;

  /** Checks q. */
  public GeneralizedCrossEntropy {
    if (!(q >= -1 && q < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("q: " + q + " (expected: -1 or more, 0 to 1 as a rule)");
    }
  }

  @Override
  public double value(double nll) {
    if (q == 0) {
      return nll;
    }
    double x = -q * nll;
    return x > MOST ? (Math.expm1(MOST) + Math.exp(MOST) * (x - MOST)) / -q : -Math.expm1(x) / q;
  }

  @Override
  public double slope(double nll) {
    // (0 x infinity is no number)
    return q == 0 ? 1 : Math.exp(q < 0 ? Math.min(MOST, -q * nll) : -q * nll);
  }
}
