package dev.headroom.head.losses;

/**
 * Weighs each row of the cross-entropy by the probability of its own target, held constant: the
 * gradient of {@code -p} itself, so that fine-tuning has the gradient of a policy whose reward does
 * not grow as 1/p.
 *
 * <pre>
 *   phi = sg(p) nll,   slope = p   (sg: gradient stopped)
 * </pre>
 *
 * <p>The gradient is that of {@link GeneralizedCrossEntropy} with q = 1; only the value differs,
 * which is not the integral of the slope.
 *
 * <p>Not for pre-training, nor for facts that the model does not know yet: rows of small p are not
 * learnt. Source: Wu et al. 2025, On the generalization of SFT: a reinforcement learning
 * perspective with reward rectification.
 */
public record DynamicFineTuning() implements NllLoss {

  @Override
  public double value(double nll) {
    return nll == Double.POSITIVE_INFINITY ? 0 : Math.exp(-nll) * nll;
  }

  @Override
  public double slope(double nll) {
    return Math.exp(-nll);
  }
}
