package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.headroom.head.internal.FusedDelivery;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Wanted;
import java.util.ArrayList;
import java.util.List;

/**
 * Outputs of rows whose classifier gradient is formed once the backward pass has told the upstream
 * gradient of each row, read from probes of zeros in the same graph. Holds a copy of the hidden
 * states.
 */
final class DelayedRows implements AutoCloseable {
  private final HeadKernels kernels;
  private final HeadProblem problem;
  private final HeadResult.Rows forward;
  private final NDList parameters;
  private final Wanted wanted;
  private final Scaling scaling;
  private final NDManager manager;
  private final List<NDArray> probes = new ArrayList<>();

  /** Makes the problem of the gradient pass from the upstream gradients, null where none came. */
  interface Scaling {
    HeadProblem apply(HeadProblem problem, List<float[]> upstream);
  }

  /** Keeps what the gradient pass needs; c belongs to the parameters and is not copied. */
  DelayedRows(
      HeadKernels kernels,
      HeadProblem problem,
      HeadResult.Rows forward,
      NDList predictions,
      Scaling scaling) {
    this.kernels = kernels;
    this.forward = forward;
    parameters = predictions.subNDList(1);
    wanted = Wanted.of(predictions).parametersAlone();
    this.scaling = scaling;
    manager = NDManager.newBaseManager(problem.e().getDevice(), "PyTorch");
    NDArray e = problem.e().duplicate();
    e.detach();
    e.attach(manager);
    NDArray b = problem.b() == null ? null : problem.b().duplicate();
    if (b != null) {
      b.detach();
      b.attach(manager);
    }
    this.problem = problem.withHidden(e, b);
  }

  /** Returns an output [N] with a probe in it; probes are read in the order of these calls. */
  NDArray probed(NDArray output) {
    NDArray probe = manager.zeros(output.getShape());
    probe.setRequiresGradient(true);
    probes.add(probe);
    return output.add(probe);
  }

  /** Adds the gradients of the parameters, if a backward pass has been; returns whether. */
  boolean deliver() {
    List<float[]> upstream = new ArrayList<>();
    boolean any = false;
    for (NDArray probe : probes) {
      try (NDArray gradient = FusedDelivery.attached(probe)) {
        upstream.add(gradient == null ? null : gradient.toFloatArray());
        any |= gradient != null;
      }
    }
    if (any) {
      add(scaling.apply(problem, upstream));
    }
    return any;
  }

  private void add(HeadProblem scaled) {
    NDArray weight = parameters.get(0);
    NDArray bias = parameters.size() > 1 ? parameters.get(1) : null;
    try (NDArray intoC = wanted.classifier() ? buffer(weight) : null;
        NDArray intoB = wanted.bias() ? buffer(bias) : null) {
      boolean half = narrow(intoC) || narrow(intoB);
      HeadResult result =
          kernels.backward(scaled, forward, half ? wanted : wanted.into(intoC, intoB));
      if (half) {
        addRounded(intoC, result.dC());
        addRounded(intoB, result.dB());
      }
    }
  }

  private static boolean narrow(NDArray buffer) {
    return buffer != null && buffer.getDataType() != DataType.FLOAT32;
  }

  private static void addRounded(NDArray buffer, NDArray gradient) {
    if (buffer != null) {
      try (gradient;
          NDArray rounded = gradient.toType(buffer.getDataType(), true)) {
        buffer.addi(rounded);
      }
    }
  }

  private static NDArray buffer(NDArray parameter) {
    NDArray buffer = FusedDelivery.buffer(parameter);
    if (buffer == null) {
      throw new IllegalStateException(
          "gradient buffer of the classifier: none that stays (expected: one, as DJL's PyTorch engine keeps it)");
    }
    return buffer;
  }

  @Override
  public void close() {
    manager.close();
  }
}
