package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import dev.headroom.head.internal.Shapes;
import dev.headroom.head.internal.Wanted;

/**
 * Computes how often a head expects each class over the rows of a batch, without ever holding the N
 * x V probabilities.
 *
 * <pre>
 *   m_v = sum_i w_i p_iv,   w_i = token weight of a kept row over the sum of those
 * </pre>
 *
 * <p>Beside the frequencies of the targets it tells which classes a model neglects or prefers; it
 * is the bias gradient of the mean log-sum-exp, with no product for the hidden states or the
 * classifier: 1 matrix product with kept logits, 2 with recomputed ones, and V floats beside the
 * workspace. Float32, of which classes below 1e-38 of a row are 0. Labels and predictions as for
 * {@link HeadLoss#evaluate}; class weights, smoothing and whatever else makes a loss of the logits
 * do not enter. No gradient is recorded. Not for use by several threads at once.
 *
 * <p>Not with a soft cap or StableMax, whose slopes enter the bias gradient: such options are
 * refused. A few rows say little of the many classes that are rare: add up batches.
 */
public final class PredictedUnigram {
  private final HeadOptions options;
  private final HeadKernels kernels;

  /** Creates it for a head, on the best backend of this process. */
  public PredictedUnigram(VocabularyHead head) {
    this(head.options(), null);
  }

  /**
   * Creates it for a head with these options on one backend, or on the best where that is null.
   *
   * @throws IllegalArgumentException for a soft cap, StableMax or soft targets
   */
  public PredictedUnigram(HeadOptions options, Backend backend) {
    refuse(options.softCap() != 0, "softCap: " + options.softCap(), "0");
    refuse(options.stableMax(), "stableMax: true", "false");
    refuse(options.softTargets() != 0, "softTargets: " + options.softTargets(), "0");
    this.options =
        DivergenceProblem.tempered(options, 1)
            .withReduction(Reduction.MEAN)
            .withDelivery(Delivery.AUTOGRAD);
    kernels = backend == null ? Backends.chosen().kernels() : Backends.of(backend);
  }

  private static void refuse(boolean set, String actual, String rule) {
    if (set) {
      throw new IllegalArgumentException(
          actual
              + " (expected: "
              + rule
              + ", sums over rows come from the bias gradient of softmaxes of plain logits)");
    }
  }

  /**
   * Returns m [V], which sums to 1; zeros where no row is kept, NaN where a kept row has NaN or
   * infinity among its logits.
   */
  public float[] of(NDList labels, NDList predictions) {
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      float[] none = new float[problem.targets().length];
      HeadProblem sums =
          problem.withScales(none, none).withUpstream(new RowUpstream(problem.rZ(), null, null));
      Wanted columns = new Wanted(false, false, true, null, null);
      try (NDArray sum = kernels.forwardBackward(sums, columns).dB()) {
        float[] m = sum.toFloatArray();
        for (int v = 0; v < m.length; v++) {
          m[v] /= (float) options.logitScale();
        }
        return m;
      }
    }
  }

  /** Gives the workspace, which is kept for the next call, back to the system. */
  public void releaseMemory() {
    kernels.releaseMemory();
  }
}
