package dev.headroom.head.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Activation;
import org.junit.jupiter.api.Test;

/**
 * Direct preference optimisation (Rafailov et al. 2023) on the head's log-probabilities: {@code
 * -log sigmoid(beta ((c - c_ref) - (r - r_ref)))} with the log-probabilities c and r of a chosen
 * and a rejected answer.
 */
class DirectPreferenceTest {
  private static final int PAIRS = 3;
  private static final int LENGTH = 5;

  /** The loss; the first half of the answers are the chosen ones, the second the rejected ones. */
  private static NDArray loss(NDArray logProb, NDArray reference, NDArray beta) {
    NDArray gain = logProb.sub(reference).reshape(2, PAIRS, LENGTH).sum(new int[] {2});
    NDArray margin = gain.get(0).sub(gain.get(1)).mul(beta);
    return Activation.softPlus(margin.neg()).mean();
  }

  @Test
  void chosenAnswersRiseAndRejectedOnesFall() {
    try (TinyPolicy policy = new TinyPolicy(2 * PAIRS, LENGTH, 1)) {
      NDArray reference = policy.frozenLogProb();
      NDArray beta = policy.manager.create(0.5f);
      float[] before = policy.answers();
      float first = policy.step(logProb -> loss(logProb, reference, beta), 0.3f);
      float last = first;
      for (int step = 0; step < 20; step++) {
        last = policy.step(logProb -> loss(logProb, reference, beta), 0.3f);
      }
      float[] after = policy.answers();
      assertTrue(Math.abs(first - Math.log(2)) < 1e-5, "at the reference: " + first);
      assertTrue(last < 0.5 * first, first + " to " + last);
      for (int i = 0; i < PAIRS; i++) {
        float chosen = after[i] - before[i];
        float rejected = after[PAIRS + i] - before[PAIRS + i];
        assertTrue(chosen > rejected + 0.5, "pair " + i + ": " + chosen + ", " + rejected);
      }
      policy.check(logProb -> loss(logProb, reference, beta));
    }
  }
}
