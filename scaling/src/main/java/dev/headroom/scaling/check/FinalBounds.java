package dev.headroom.scaling.check;

/**
 * Bounds the loss at the end of a run or at a given place of it.
 *
 * @param maxLoss highest loss in nats per token, NaN for no bound
 * @param maxPerplexity highest perplexity, NaN for no bound
 * @param atStep the step to judge at, 0 for the last one
 * @param atTokens the tokens to judge at, 0 for the last step
 */
public record FinalBounds(double maxLoss, double maxPerplexity, long atStep, long atTokens) {

  /** Checks the ranges. */
  public FinalBounds {
    if (maxLoss <= 0 || Double.isInfinite(maxLoss)) {
      throw new IllegalArgumentException("maxLoss: " + maxLoss + " (expected: above 0)");
    }
    if (maxPerplexity <= 1 || Double.isInfinite(maxPerplexity)) {
      throw new IllegalArgumentException(
          "maxPerplexity: " + maxPerplexity + " (expected: above 1)");
    }
    if (atStep < 0 || atTokens < 0 || (atStep > 0 && atTokens > 0)) {
      throw new IllegalArgumentException(
          "atStep, atTokens: " + atStep + ", " + atTokens + " (expected: one of them, above 0)");
    }
  }

  /** Returns no bound at all. */
  public static FinalBounds none() {
    return new FinalBounds(Double.NaN, Double.NaN, 0, 0);
  }

  /** Says whether any bound was asked for. */
  public boolean asked() {
    return !Double.isNaN(maxLoss) || !Double.isNaN(maxPerplexity);
  }
}
