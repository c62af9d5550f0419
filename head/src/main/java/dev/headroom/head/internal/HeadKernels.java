package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;

/**
 * The rungs of the ladder: each computes the same numbers, within the error budget, for the same
 * problem.
 *
 * <p>For a kept row with logits {@code z = c e + b}, {@code p = softmax(z)}, {@code L = lse(z)}:
 *
 * <pre>
 *   nll = L - z_t        d/dz_v = p_v A - [v = t] T,   A = r + 2 lambda L r_z,  T = r
 *   dE = sum_v d/dz_v c_v      dC_v = sum_i d/dz_v e_i      dB_v = sum_i d/dz_v
 * </pre>
 */
public interface HeadKernels {

  /** Returns which rung this is. */
  Backend backend();

  /**
   * Returns how gradients of n rows would come by the probabilities: the choice that AUTO makes.
   */
  Engine engine(HeadOptions options, long n);

  /** Computes nll and lse. */
  HeadResult forward(HeadProblem problem);

  /** Computes nll, lse and the wanted gradients. */
  HeadResult forwardBackward(HeadProblem problem, Wanted wanted);

  /**
   * Computes the wanted gradients from the lse of an earlier forward pass, with row scales known
   * only by now.
   */
  HeadResult backward(HeadProblem problem, float[] lse, Wanted wanted);

  /** Gives scratch memory that was kept for the next call back to the system. */
  default void releaseMemory() {}
}
