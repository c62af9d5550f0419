package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadOptions;

/**
 * One checked call of the head's kernels; {@link Shapes} makes it, nothing else checks.
 *
 * @param e hidden states [N,D], float32, detached from autograd
 * @param c classifier [V,D], float32, detached from autograd
 * @param b bias [V], float32, or null
 * @param targets N class ids; the ignore index marks rows that do not count
 * @param r scale of each row's cross-entropy term, 0 on ignored rows
 * @param rZ scale of each row's z-loss term, 0 on ignored rows
 * @param options what to compute
 */
public record HeadProblem(
    NDArray e, NDArray c, NDArray b, long[] targets, float[] r, float[] rZ, HeadOptions options) {

  int n() {
    return targets.length;
  }

  boolean ignored(int row) {
    return targets[row] == options.ignoreIndex();
  }

  /** Returns the same call with other row scales. */
  public HeadProblem withScales(float[] newR, float[] newRz) {
    return new HeadProblem(e, c, b, targets, newR, newRz, options);
  }
}
