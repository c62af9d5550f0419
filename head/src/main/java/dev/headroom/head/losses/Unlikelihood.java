package dev.headroom.head.losses;

/**
 * Makes the classes in the labels less probable: they are what is not to be said.
 *
 * <pre>
 *   phi(nll) = -log(1 - p) = -log(1 - exp(-nll)),   phi' = -1 / (exp(nll) - 1) = -p / (1 - p)
 * </pre>
 *
 * <p>A batch that has targets to raise and others to lower takes two losses of one head, {@code
 * likely.evaluate(labels, predictions).add(unlikely.evaluate(negatives, predictions))}, the labels
 * of each ignored where it has nothing to say.
 *
 * <p>Where p is 1 to all digits of float32 the loss would be infinite: nll below 1e-30 counts as
 * 1e-30, a loss of 69. Not for sequences as a whole (see {@link NegativePreference}). Source:
 * Welleck et al. 2020, Neural text generation with unlikelihood training.
 */
public record Unlikelihood() implements NllLoss {
  private static final double LEAST = 1e-30;

  @Override
  public double value(double nll) {
    double x = Math.max(LEAST, nll);
    return 0 - (x > 1 ? Math.log1p(-Math.exp(-x)) : Math.log(-Math.expm1(-x)));
  }

  @Override
  public double slope(double nll) {
    return -1 / Math.expm1(Math.max(LEAST, nll));
  }
}
