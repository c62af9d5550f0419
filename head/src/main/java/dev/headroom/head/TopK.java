package dev.headroom.head;

import ai.djl.ndarray.NDArray;

/**
 * The most probable classes of each row, the best first; equal logits in the order of their ids.
 *
 * @param ids classes, int64 [..., k]
 * @param logProbabilities logarithm of each one's share of all V classes, float32 [..., k], in
 *     nats; -infinity for a masked class, which comes after all others
 */
public record TopK(NDArray ids, NDArray logProbabilities) implements AutoCloseable {

  /** Closes both arrays. */
  @Override
  public void close() {
    ids.close();
    logProbabilities.close();
  }
}
