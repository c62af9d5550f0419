package dev.headroom.head.losses;

/**
 * Asks of the target's logit that it lies a margin above the log-sum-exp of all others.
 *
 * <p>With the gap {@code g = log(sum over v other than t of exp z_v) - z_t}, which is {@code
 * log(exp(nll) - 1)}, margin c and temperature lambda:
 *
 * <pre>
 *   phi = lambda log(1 + exp(g + c / lambda)),   phi' = lambda sigmoid(g + c / lambda) / (1 - p)
 * </pre>
 *
 * <p>With {@link dev.headroom.head.HeadOptions#withLogitScale} of 1 / lambda, which has to be set
 * beside it, this is the label-distributionally robust loss LDR-KL, {@code lambda log(sum_v
 * exp((a_v - a_t + c [v is not t]) / lambda))}, without the constant {@code -lambda log V}; lambda
 * -> 0 is the hinge of Crammer and Singer, c = 0 and lambda = 1 cross-entropy. With lambda = 1 and
 * the scale left alone it is the additive margin softmax.
 *
 * <p>{@link AdaptiveMarginLoss} has a temperature for each row.
 *
 * <p>Not for calibrated probabilities: the minimum is the data's distribution for c = 0 only.
 * Sources: Zhu, Ying and Yang 2023, Label distributionally robust losses for multi-class
 * classification; Wang et al. 2018, Additive margin softmax for face verification.
 *
 * @param margin c, in units of unscaled logits, at most 80 temperatures either way
 * @param temperature lambda, positive
 */
public record MarginLoss(double margin, double temperature) implements NllLoss {
  // e^80 is a float32
  private static final double MOST = 80;

  /** Checks both. */
  public MarginLoss {
    if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature: " + temperature + " (expected: a positive number)");
    }
    if (!(Math.abs(margin / temperature) <= MOST)) {
      throw new IllegalArgumentException(
          "margin: " + margin + " (expected: at most 80 temperatures either way)");
    }
  }

  /** A margin at temperature 1. */
  public MarginLoss(double margin) {
    this(margin, 1);
  }

  private double shifted(double nll) {
    double gap = nll < 1 ? Math.log(Math.expm1(nll)) : nll + Math.log1p(-Math.exp(-nll));
    return gap + margin / temperature;
  }

  @Override
  public double value(double nll) {
    double x = shifted(nll);
    return temperature * (x > 40 ? x : Math.log1p(Math.exp(x)));
  }

  @Override
  public double slope(double nll) {
    if (nll < 1) {
      // the same, where 1 - p and sigmoid both go to 0
      double odds = Math.expm1(nll);
      return temperature * (1 + odds) / (Math.exp(-margin / temperature) + odds);
    }
    return temperature / (1 + Math.exp(-shifted(nll))) / -Math.expm1(-nll);
  }
}
