package dev.headroom.head.losses;

/**
 * Adds to the cross-entropy its reverse, in which model and label change places: a loss that labels
 * of which some are wrong cannot pull without bound.
 *
 * <pre>
 *   phi = alpha nll + beta (-A) (1 - p),   phi' = alpha + beta (-A) p
 * </pre>
 *
 * <p>The reverse is {@code -sum_v p_v log q_v} with the one-hot label q, whose log 0 is A. Not for
 * clean labels: the second term is the mean absolute error, which hardly learns rows of small p.
 * Source: Wang et al. 2019, Symmetric cross entropy for robust learning with noisy labels.
 *
 * @param alpha weight of the cross-entropy, 0 or positive
 * @param beta weight of its reverse, 0 or positive
 * @param logOfZero A, negative; -4 in the paper
 */
public record SymmetricCrossEntropy(double alpha, double beta, double logOfZero)
    implements NllLoss {

  /** Checks every component. */
  public SymmetricCrossEntropy {
    require(alpha >= 0 && alpha < Double.POSITIVE_INFINITY, "alpha", alpha, "0 or positive");
    require(beta >= 0 && beta < Double.POSITIVE_INFINITY, "beta", beta, "0 or positive");
    require(
        logOfZero < 0 && logOfZero > Double.NEGATIVE_INFINITY, "logOfZero", logOfZero, "negative");
  }

  private static void require(boolean good, String name, double actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  @Override
  public double value(double nll) {
    return alpha * nll + beta * logOfZero * Math.expm1(-nll);
  }

  @Override
  public double slope(double nll) {
    return alpha - beta * logOfZero * Math.exp(-nll);
  }
}
