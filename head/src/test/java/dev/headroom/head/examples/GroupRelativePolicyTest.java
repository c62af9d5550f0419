package dev.headroom.head.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * A step of group relative policy optimisation (Shao et al. 2024) on answers that were sampled for
 * one prompt: the clipped ratio of token probabilities times the group's normalised reward, less
 * beta times an estimate of the divergence from a reference model.
 */
class GroupRelativePolicyTest {
  private static final int GROUP = 4;
  private static final int LENGTH = 6;
  private static final float[] REWARDS = {1, 0, 0.25f, 0.75f};

  /** What stays the same while a batch of samples is worked on. */
  private record Samples(NDArray old, NDArray reference, NDArray advantage, NDArray weight) {

    static Samples of(TinyPolicy policy, NDArray reference) {
      double mean = 0;
      double squares = 0;
      for (float reward : REWARDS) {
        mean += reward / GROUP;
        squares += reward * reward / GROUP;
      }
      float[] advantages = new float[GROUP];
      for (int i = 0; i < GROUP; i++) {
        advantages[i] = (float) ((REWARDS[i] - mean) / Math.sqrt(squares - mean * mean));
      }
      // each answer counts alike, its tokens share it
      NDArray counted = policy.counted();
      NDArray weight = counted.div(counted.sum(new int[] {1}, true).mul(GROUP));
      NDArray advantage = policy.manager.create(advantages, new Shape(GROUP, 1));
      return new Samples(policy.frozenLogProb(), reference, advantage, weight);
    }

    NDArray loss(NDArray logProb, NDArray beta) {
      NDArray ratio = logProb.sub(old).exp();
      NDArray free = ratio.mul(advantage);
      NDArray clipped = ratio.clip(0.8f, 1.2f).mul(advantage);
      NDArray gap = reference.sub(logProb);
      NDArray divergence = gap.exp().sub(gap).sub(1);
      return divergence.mul(beta).sub(free.minimum(clipped)).mul(weight).sum();
    }
  }

  @Test
  void betterAnswersOfAGroupRiseAndWorseOnesFall() {
    try (TinyPolicy policy = new TinyPolicy(GROUP, LENGTH, 3)) {
      NDArray reference = policy.frozenLogProb();
      Samples samples = Samples.of(policy, reference);
      NDArray beta = policy.manager.create(0.04f);
      UnaryOperator<NDArray> loss = logProb -> samples.loss(logProb, beta);
      float[] before = policy.answers();
      float first = policy.step(loss, 0.5f);
      // at the samples' own policy all ratios are 1 and advantages cancel
      assertEquals(0, first, 1e-5);
      policy.check(loss);
      for (int step = 0; step < 8; step++) {
        policy.step(loss, 0.5f);
      }
      float[] after = policy.answers();
      assertTrue(after[0] > before[0] + 0.1, before[0] + " to " + after[0]);
      assertTrue(after[3] > before[3] + 0.05, before[3] + " to " + after[3]);
      assertTrue(after[1] < before[1] - 0.1, before[1] + " to " + after[1]);
      float last = policy.step(loss, 0.5f);
      assertTrue(last < -0.05, "the objective rose: loss " + last);
      // some ratios are beyond the clip by now
      policy.check(loss);
    }
  }
}
