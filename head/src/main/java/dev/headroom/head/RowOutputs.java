package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Wanted;
import java.util.Arrays;
import java.util.List;

/**
 * Makes the differentiable outputs of rows. An output's gradient with respect to a row's hidden
 * state is linear in its upstream gradient, so dE for an upstream of 1 serves any; the gradient of
 * the classifier sums over rows and waits for the upstream gradients themselves.
 */
final class RowOutputs {
  private final HeadKernels kernels;
  private final HeadProblem problem;
  private final HeadResult.Rows forward;
  private final NDList predictions;
  private final Wanted wanted;
  private final DelayedRows delayed;

  RowOutputs(
      HeadKernels kernels,
      HeadProblem given,
      HeadResult.Rows forward,
      NDList predictions,
      Wanted wanted) {
    this.kernels = kernels;
    float[] off = new float[given.targets().length];
    problem = given.withScales(off, off);
    this.forward = forward;
    this.predictions = predictions;
    this.wanted = wanted;
    delayed =
        wanted.parameters()
            ? new DelayedRows(kernels, problem, forward, predictions, RowOutputs::scaled)
            : null;
  }

  /** Returns the outputs; their order is that of the upstream gradients in {@link #scaled}. */
  HeadRows rows() {
    float[] ones = new float[problem.targets().length];
    Arrays.fill(ones, 1);
    float[] logProb = new float[ones.length];
    for (int i = 0; i < ones.length; i++) {
      logProb[i] = 0 - forward.nll()[i];
    }
    return new HeadRows(
        output(logProb, new RowUpstream(null, null, ones)),
        output(forward.lse(), new RowUpstream(ones, null, null)),
        forward.entropy() == null
            ? null
            : output(forward.entropy(), new RowUpstream(null, ones, null)));
  }

  /** Returns what is to be finished after the backward pass, or null where nothing is. */
  DelayedRows delayed() {
    return delayed;
  }

  private NDArray output(float[] values, RowUpstream unit) {
    NDArray output = problem.e().getManager().create(values);
    if (wanted.hidden()) {
      HeadResult result =
          kernels.backward(problem.withUpstream(unit), forward, wanted.hiddenAlone());
      output = Autograd.attachRows(output, predictions.get(0), result.dE());
    }
    return delayed == null ? output : delayed.probed(output);
  }

  private static HeadProblem scaled(HeadProblem problem, List<float[]> upstream) {
    float[] entropy = upstream.size() > 2 ? upstream.get(2) : null;
    return problem.withUpstream(new RowUpstream(upstream.get(1), entropy, upstream.get(0)));
  }
}
