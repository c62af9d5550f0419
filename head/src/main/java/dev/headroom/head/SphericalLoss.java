package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.SphericalKernels;

/**
 * Computes the loss of a {@link SphericalHead} and its exact gradients in O(N D^2 + V D^2), without
 * ever forming the N x V outputs.
 *
 * <p>Formula: that of the {@link SphericalFunction}. With {@code m} the mean row of c, {@code C0 =
 * c - m}, {@code Q = C0^T C0}: {@code mu = <m,e>}, {@code S = <e, Q e>}, {@code y = <c_t - m, e>};
 * with {@code u} the derivatives of a row's loss,
 *
 * <pre>
 *   dE = u_mu m + 2 u_S Q e + u_t c_t
 *   dC = C0 M + 1 (sum_i u_mu e_i)^T / V + u_t e at the target's row,   M = sum_i 2 u_S e_i e_i^T
 * </pre>
 *
 * <p>Labels, weights, reduction, delivery and what happens in validation: as for {@link HeadLoss}.
 * Sums are formed in float32 over a few hundred to a thousand rows, in float64 over those, the
 * scalars of rows in float64. The relative error of S is that of float32 times {@code |Q| |e|^2 /
 * S}: where hidden states lie along directions in which the classifier hardly differs, it is larger
 * than that of a head that forms the outputs. Below 2^-24 of {@code |e|^2 trace Q} S counts as 0.
 *
 * <p>Extra memory: D^2 sums in float64, at most 32 MiB or one such matrix, and another in float32;
 * the workspace need only hold that. {@link Delivery#AUTOGRAD} takes 2 x V x D more at the peak of
 * the backward pass. Not for use by several threads at once; two losses on two threads are fine.
 *
 * <p>Do not use it where a softmax is affordable and top-1 is what counts. Small language models
 * trained for 600 steps, each loss with its own learning rate, ranked the next token first in 56 %
 * of places with softmax, 52 % with the Z-loss of a = 0.1 and b = 10, 46 % with a = 1, 43 % with
 * spherical and 38 % with Taylor softmax; only the Z-loss of a = 1 was as good in top-5. In the
 * first half of the steps the Z-loss of a = 0.1 was not behind. Table: {@code
 * head/bench/results/2026-11-21-zen5-spherical-lm.md}.
 */
public final class SphericalLoss extends Loss {
  private final SphericalKernels kernels;
  private final HeadLoss loss;

  /** Creates the loss of a head, on the best backend of this process. */
  public SphericalLoss(SphericalHead head) {
    this(head.options(), head.function());
  }

  /** Creates a loss with these options, on the best backend of this process. */
  public SphericalLoss(HeadOptions options, SphericalFunction function) {
    this(options, function, Backends.chosenWithoutCuda());
  }

  /** Creates a loss with these options, on one backend. */
  public SphericalLoss(HeadOptions options, SphericalFunction function, Backend backend) {
    super("SphericalLoss");
    SphericalHead.checkOptions(options);
    kernels = Backends.spherical(backend, function);
    loss = new HeadLoss("SphericalLoss", options, kernels);
  }

  /** Returns the backend that serves this loss. */
  public Backend backend() {
    return kernels.backend();
  }

  /** Gives the workspace, which is kept for the next evaluation, back to the system. */
  public void releaseMemory() {
    kernels.releaseMemory();
  }

  /** Returns how many rows of the last evaluation had a loss that is not finite. */
  public int nonFiniteRows() {
    return loss.nonFiniteRows();
  }

  /**
   * Returns how many rows of the last evaluation have outputs that the Z-loss cannot tell apart
   * (sigma = 0): they add a constant to the loss and nothing to the gradient.
   */
  public int degenerateRows() {
    return kernels.degenerateRows();
  }

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    return loss.evaluate(labels, predictions);
  }

  /** As {@link HeadLoss#finishBackward}. */
  public void finishBackward() {
    loss.finishBackward();
  }

  /** As {@link HeadLoss#listener}. */
  public TrainingListener listener() {
    return loss.listener();
  }
}
