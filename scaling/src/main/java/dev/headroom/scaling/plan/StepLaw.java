package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.StepLawBatch;
import dev.headroom.scaling.law.StepLawRate;

/**
 * Gives the published best learning rate and batch for a run with a cosine-like schedule: {@link
 * StepLawRate} and {@link StepLawBatch} with their published constants.
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
    return around("lr", new StepLawRate(), params, tokens);
  }

  /** Returns the batch in tokens. */
  public static Estimate batchTokens(double tokens) {
    return around("batch", new StepLawBatch(), tokens);
  }

  private static Estimate around(String name, Law law, double... x) {
    double value = law.value(x, law.typical().theta());
    return new Estimate(name, value, value / FACTOR, value * FACTOR);
  }
}
