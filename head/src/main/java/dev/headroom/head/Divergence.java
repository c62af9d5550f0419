package dev.headroom.head;

/** How {@link DistillationLoss} compares the student's probabilities p with the teacher's q. */
public enum Divergence {
  /** {@code sum_v q_v log(q_v / p_v)}: covers all that the teacher deems likely. */
  FORWARD_KL,
  /** {@code sum_v p_v log(p_v / q_v)}: keeps to what the teacher deems likely. */
  REVERSE_KL,
  /** {@code beta KL(q | m) + (1 - beta) KL(p | m)}, {@code m = beta q + (1 - beta) p}. */
  JENSEN_SHANNON,
  /** {@code -sum_v q_v log p_v - sum_v p_v log q_v}; at p = q it is twice the entropy, not 0. */
  SYMMETRIC_CROSS_ENTROPY,
  /** {@code -log sum_v p_v q_v}: cross-entropy where q is certain; lowest for a p that is. */
  INNER_PRODUCT,
  /**
   * {@code -sum_v p_v y_v} with the teacher's logits y themselves: the mean of whatever they are, a
   * reward, a similarity.
   */
  EXPECTED_LOGIT
}
