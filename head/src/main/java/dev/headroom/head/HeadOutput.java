package dev.headroom.head;

import java.util.Arrays;

/**
 * What the last evaluation of a {@link HeadLoss} knows of each of N rows, for logging; nothing here
 * is differentiable, and arrays are not copied. Arrays hold 0 on ignored rows, the list -1.
 *
 * @param options what was computed
 * @param targets class ids after the causal shift; the ignore index marks rows that do not count
 * @param nll {@code L - z_t} in nats, without weights and smoothing
 * @param lse log-sum-exp L of the logits after scale and cap
 * @param zLoss the row's part of the loss that is z-loss, weight and normaliser included
 * @param entropy {@code L - sum_v p_v z_v} in nats, or null where {@link HeadOptions#entropy} is
 *     off
 * @param squares {@code sum_v p_v^2}, or null where {@link HeadOptions#moments} is off
 * @param variance {@code sum_v p_v (log p_v + H)^2}, or null likewise
 * @param rowLosses [losses][N] the rows' parts of the loss that are {@link HeadOptions#rowLosses},
 *     in their order, weight and normaliser included
 * @param topIds [N,k] classes of the largest logits, largest first, ties to the lower id, or null
 *     where {@link HeadOptions#topK} is 0
 * @param topLogits [N,k] those logits, or null
 * @param droppedMass mass of the softmax that each row's gradient lacks, or null where no {@link
 *     GradientFilter} took part
 */
public record HeadOutput(
    HeadOptions options,
    long[] targets,
    float[] nll,
    float[] lse,
    float[] zLoss,
    float[] entropy,
    float[] squares,
    float[] variance,
    double[][] rowLosses,
    long[] topIds,
    float[] topLogits,
    float[] droppedMass) {

  /** Returns how many rows count. */
  public int kept() {
    int kept = 0;
    for (long target : targets) {
      kept += target == options.ignoreIndex() ? 0 : 1;
    }
    return kept;
  }

  /** Returns the log-probability of each target, {@code z_t - L}. */
  public float[] logProb() {
    float[] logProb = new float[nll.length];
    for (int i = 0; i < nll.length; i++) {
      // 0 - x and not -x: ignored rows hold 0, not -0
      logProb[i] = 0 - nll[i];
    }
    return logProb;
  }

  /**
   * Returns the free energy {@code -T lse} of each row with the temperature T = 1 / logit scale.
   */
  public float[] energy() {
    float[] energy = new float[lse.length];
    for (int i = 0; i < lse.length; i++) {
      energy[i] = (float) (0 - lse[i] / options.logitScale());
    }
    return energy;
  }

  /**
   * Returns the most likely class of each row.
   *
   * @throws IllegalStateException where no list was asked for
   */
  public long[] argmax() {
    requireTop("argmax");
    long[] argmax = new long[targets.length];
    for (int i = 0; i < argmax.length; i++) {
      argmax[i] = topIds[i * options.topK()];
    }
    return argmax;
  }

  /**
   * Returns the largest logit of each row.
   *
   * @throws IllegalStateException where no list was asked for
   */
  public float[] maxLogit() {
    requireTop("maxLogit");
    float[] most = new float[targets.length];
    for (int i = 0; i < most.length; i++) {
      most[i] = topLogits[i * options.topK()];
    }
    return most;
  }

  /**
   * Returns the share of kept rows whose most likely class is the target; NaN where none is kept.
   *
   * @throws IllegalStateException where no list was asked for
   */
  public double accuracy() {
    long[] argmax = argmax();
    int right = 0;
    for (int i = 0; i < argmax.length; i++) {
      boolean kept = targets[i] != options.ignoreIndex();
      right += kept && argmax[i] == targets[i] ? 1 : 0;
    }
    return (double) right / kept();
  }

  private void requireTop(String what) {
    if (topIds == null) {
      throw new IllegalStateException(
          what + ": topK is 0 (expected: at least 1; HeadOptions.withTopK(1))");
    }
  }

  @Override
  public String toString() {
    return "HeadOutput of " + targets.length + " rows, " + kept() + " kept";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeadOutput that
        && options.equals(that.options)
        && Arrays.equals(targets, that.targets)
        && Arrays.equals(nll, that.nll)
        && Arrays.equals(lse, that.lse)
        && Arrays.equals(zLoss, that.zLoss)
        && Arrays.equals(entropy, that.entropy)
        && Arrays.equals(topIds, that.topIds)
        && Arrays.equals(topLogits, that.topLogits)
        && Arrays.equals(droppedMass, that.droppedMass);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(targets) + Arrays.hashCode(nll);
  }
}
