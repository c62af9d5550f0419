package dev.headroom.head.internal;

import dev.headroom.head.Backend;

/**
 * The rungs of the ladder for the divergence of two heads: each computes the same numbers, within
 * the error budget, for the same problem.
 *
 * <p>With logits x of the student and y of the teacher, {@code p = softmax(x)}, {@code q =
 * softmax(y)}, {@code m = beta q + (1-beta) p}, sums over classes:
 *
 * <pre>
 *   FORWARD_KL               d/dx_v = p_v - q_v
 *   REVERSE_KL               d/dx_v = p_v (log(p_v/q_v) - sum p log(p/q))
 *   JENSEN_SHANNON           d/dx_v = (1-beta) p_v (log(p_v/m_v) - sum p log(p/m))
 *   SYMMETRIC_CROSS_ENTROPY  d/dx_v = p_v - q_v - p_v (log q_v - sum p log q)
 *   INNER_PRODUCT            d/dx_v = p_v - p_v q_v / sum p q
 *   EXPECTED_LOGIT           d/dx_v = -p_v (y_v - sum p y)
 * </pre>
 *
 * <p>A class whose student logit is minus infinity, or which the student does not have, is absent
 * from q too, which is the softmax over the rest. One that the teacher lacks has q = 0; for
 * REVERSE_KL, SYMMETRIC_CROSS_ENTROPY and EXPECTED_LOGIT, infinite there, it is absent from p too.
 */
public interface DivergenceKernels {

  /** Returns which rung this is. */
  Backend backend();

  /** Computes the rows' divergences and the wanted gradients of the student. */
  DivergenceResult run(DivergenceProblem problem, Wanted wanted);

  /** Gives scratch memory that was kept for the next call back to the system. */
  default void releaseMemory() {}

  /** Returns the kernels of one rung, or throws with the reason why it cannot serve here. */
  static DivergenceKernels of(Backend backend) {
    return switch (Backends.of(backend).backend()) {
      case CUDA -> throw Backends.withoutCuda("losses of two heads");
      case NATIVE_CPU -> new NativeCpuDivergence();
      case PORTABLE -> new PortableDivergence();
      case REFERENCE -> new ReferenceDivergence();
    };
  }
}
