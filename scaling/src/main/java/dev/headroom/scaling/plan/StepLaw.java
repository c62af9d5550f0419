package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;

/**
 * Gives the published best learning rate and batch for a run with a cosine-like schedule: {@code lr
 * = 1.79 N^-0.713 D^0.307}, {@code batch = 0.58 D^0.571} tokens.
 *
 * <p>The interval is what the best of each published dense grid is off by: a factor of {@value
 * #FACTOR} either way holds 90 % of them (N without embeddings 0.2e9 to 1.1e9, D 4e9 to 1e11; loss
 * at the formula's values at most .24 % above the best). Do not use it for other optimisers than
 * AdamW or far outside these ranges.
 *
 * <p>Source: Li et al. 2025, Step Law (arXiv 2503.04715), equation 1.
 */
public final class StepLaw {

  /** Factor either way that holds 90 % of the best values. */
  public static final double FACTOR = 1.55;

  private StepLaw() {}

  /** Returns the peak learning rate. */
  public static Estimate learningRate(double params, double tokens) {
    return around("lr", 1.79 * Math.pow(params, -.713) * Math.pow(tokens, .307));
  }

  /** Returns the batch in tokens. */
  public static Estimate batchTokens(double tokens) {
    return around("batch", .58 * Math.pow(tokens, .571));
  }

  private static Estimate around(String name, double value) {
    return new Estimate(name, value, value / FACTOR, value * FACTOR);
  }
}
