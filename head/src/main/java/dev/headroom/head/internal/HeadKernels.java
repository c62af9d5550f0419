package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;

/**
 * The rungs of the ladder: each computes the same numbers, within the error budget, for the same
 * problem.
 *
 * <p>For a kept row with logits {@code z} (see {@link dev.headroom.head.HeadOptions}), {@code p =
 * softmax(z)}, {@code L = lse(z)}, {@code H} the entropy, {@code u} the upstream gradients:
 *
 * <pre>
 *   d/dz_v = p_v A + p_v z_v B - S w_v - [v = t] T - r (1-eps) q_v
 *   A = r ((1-eps) (w_t or sum_k q_k) + eps W / V) + 2 lambda L r_z + u_L + u_H (L - H) - u_p
 *   B = -u_H      S = r eps / V      T = r (1-eps) w_t - u_p
 *   d/da_v = d/dz_v alpha (1 - (z_v / kappa)^2)
 *   dE = sum_v d/da_v c_v      dC_v = sum_i d/da_v e_i      dB_v = sum_i d/da_v
 * </pre>
 *
 * with {@code q} the weights of soft targets, which take the place of {@code w_t} and of {@code t}.
 * At the classes that a row lists, upstream gradients of their logits are added to {@code d/dz_v};
 * at all others {@code u_R exp(z_v - R)}, with {@code R} the log-sum-exp over those others.
 */
public interface HeadKernels {

  /** Returns which rung this is. */
  Backend backend();

  /**
   * Returns how gradients of n rows would come by the probabilities: the choice that AUTO makes.
   */
  Engine engine(HeadOptions options, long n);

  /** Computes the statistics of the rows. */
  HeadResult forward(HeadProblem problem);

  /**
   * Computes statistics and the wanted gradients. With upstream gradients of the entropy the
   * entropy must be among the statistics.
   */
  HeadResult forwardBackward(HeadProblem problem, Wanted wanted);

  /**
   * Computes the wanted gradients from the statistics of an earlier forward pass (lse, and entropy
   * where it has an upstream gradient), with row scales known only by now.
   */
  HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted);

  /**
   * Forms the logits z [N, end - begin] of a range of classes, for a problem whose rows all have
   * the target 0, neither soft targets nor listed classes.
   *
   * @param into room for them in native memory, row after row, float32
   */
  void logits(HeadProblem problem, long begin, long end, FloatBuffer into);

  /** Gives scratch memory that was kept for the next call back to the system. */
  default void releaseMemory() {}
}
