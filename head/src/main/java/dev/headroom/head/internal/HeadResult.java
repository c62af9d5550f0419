package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;

/**
 * What the kernels return. Arrays of the engine are float32 and belong to the manager of the hidden
 * states; what was not wanted is null.
 *
 * @param rows statistics of each row
 * @param dE gradient of the hidden states [N,D], 0 on ignored rows
 * @param dC gradient of the classifier [V,D]: a new array, or the one it was added to
 * @param dB gradient of the bias [V], likewise
 */
public record HeadResult(Rows rows, NDArray dE, NDArray dC, NDArray dB) {

  /**
   * Statistics of N rows, of logits z after scale and cap; 0 on ignored rows (class -1 in the
   * list).
   *
   * @param nll lse minus the target's logit, without class weight and smoothing
   * @param lse log-sum-exp L of the row's logits
   * @param smooth {@code (W L - sum_v w_v z_v) / V} over present classes, or null without smoothing
   * @param soft {@code sum_k w_k (L - z_k)} of soft targets, or null
   * @param entropy {@code L - sum_v p_v z_v}, or null
   * @param topIds [N,k] classes of the largest logits, largest first, ties to the lower id, or null
   * @param topLogits [N,k] those logits, or null
   */
  public record Rows(
      float[] nll,
      float[] lse,
      float[] smooth,
      float[] soft,
      float[] entropy,
      long[] topIds,
      float[] topLogits) {}

  float[] nll() {
    return rows.nll;
  }

  float[] lse() {
    return rows.lse;
  }
}
