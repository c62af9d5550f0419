package dev.headroom.head.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import org.junit.jupiter.api.Test;

/**
 * Odds-ratio preference optimisation (Hong et al. 2024): the cross-entropy of chosen answers, and
 * {@code -lambda log sigmoid} of the log of the odds ratio between chosen and rejected ones. It
 * needs no reference model. The probability of an answer is the geometric mean over its tokens.
 */
class OddsRatioPreferenceTest {
  private static final int PAIRS = 3;
  private static final int LENGTH = 5;

  private static NDArray loss(NDArray logProb, NDArray tokens, NDArray lambda) {
    NDArray mean = logProb.reshape(2, PAIRS, LENGTH).sum(new int[] {2}).div(tokens);
    NDArray logOdds = mean.sub(mean.exp().neg().add(1).log());
    NDArray ratio = logOdds.get(0).sub(logOdds.get(1));
    NDArray preference = Activation.softPlus(ratio.neg()).mul(lambda);
    return preference.sub(mean.get(0)).mean();
  }

  @Test
  void chosenAnswersAreLearntAndRejectedOnesStayBehind() {
    try (TinyPolicy policy = new TinyPolicy(2 * PAIRS, LENGTH, 2)) {
      NDArray tokens = policy.counted().reshape(2, PAIRS, LENGTH).sum(new int[] {2});
      NDArray lambda = policy.manager.create(0.5f);
      policy.check(logProb -> loss(logProb, tokens, lambda));
      float[] before = policy.answers();
      float first = policy.step(logProb -> loss(logProb, tokens, lambda), 0.2f);
      float last = first;
      for (int step = 0; step < 30; step++) {
        last = policy.step(logProb -> loss(logProb, tokens, lambda), 0.2f);
      }
      float[] after = policy.answers();
      assertTrue(last < 0.8 * first, first + " to " + last);
      for (int i = 0; i < PAIRS; i++) {
        float chosen = after[i] - before[i];
        float rejected = after[PAIRS + i] - before[PAIRS + i];
        assertTrue(chosen > 0.5, "chosen " + i + ": " + chosen);
        assertTrue(chosen > rejected + 0.5, "pair " + i + ": " + chosen + ", " + rejected);
      }
      policy.check(logProb -> loss(logProb, tokens, lambda));
    }
  }
}
