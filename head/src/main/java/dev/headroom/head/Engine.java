package dev.headroom.head;

/** How the gradients come by the probabilities; both give the same loss in every bit. */
public enum Engine {
  /** The cheaper one for the sizes and the workspace. */
  AUTO,
  /** A chunk's logits stay in the workspace until its gradients are formed: 3 matrix products. */
  KEPT,
  /**
   * Only row statistics are kept and the logits are formed again: 4 matrix products, O(N) memory.
   */
  RECOMPUTED
}
