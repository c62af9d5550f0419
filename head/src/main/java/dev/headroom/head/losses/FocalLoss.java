package dev.headroom.head.losses;

/**
 * Replaces the cross-entropy by {@code (1 - p)^gamma nll}: rows that are learnt count less.
 *
 * <pre>
 *   phi' = (1 - p)^gamma (1 + gamma nll p / (1 - p))
 * </pre>
 *
 * <p>This is the loss of the paper: its gradient goes through the factor too, and a mean divides by
 * the rows. {@link dev.headroom.head.Reweighting#focal} holds the factor constant (phi' = (1 -
 * p)^gamma), divides a mean by the sum of the factors, and may be had together with label
 * smoothing.
 *
 * <p>Not for calibrated probabilities of a language model: it keeps p away from 1 and its minimum
 * is not the data's distribution. Source: Lin et al. 2017, Focal loss for dense object detection.
 *
 * @param gamma 0 (cross-entropy) or positive; 2 in the paper
 */
public record FocalLoss(double gamma) implements NllLoss {

  /** Checks gamma. */
  public FocalLoss {
    if (!(gamma >= 0 && gamma < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("gamma: " + gamma + " (expected: 0 or a positive number)");
    }
  }

  private double factor(double nll) {
    return Math.pow(-Math.expm1(-nll), gamma);
  }

  @Override
  public double value(double nll) {
    return factor(nll) * nll;
  }

  @Override
  public double slope(double nll) {
    // nll p / (1 - p): 1 at 0, 0 far out
    double odds = nll == 0 ? 1 : nll > 700 ? 0 : nll / Math.expm1(nll);
    return factor(nll) * (1 + gamma * odds);
  }
}
