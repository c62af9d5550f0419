package dev.headroom.head;

import ai.djl.Device;
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
import java.util.function.Function;

/**
 * Outputs of rows whose classifier gradient is formed once the backward pass has told the upstream
 * gradient of each row, read from probes of zeros in the same graph. Holds a copy of the hidden
 * states.
 */
final class DelayedRows implements AutoCloseable {
  private final NDList parameters;
  private final Wanted wanted;
  private final NDManager manager;
  private final Pass pass;
  private final List<NDArray> probes = new ArrayList<>();

  /** Makes the problem of the gradient pass from the upstream gradients, null where none came. */
  interface Scaling {
    HeadProblem apply(HeadProblem problem, List<float[]> upstream);
  }

  /** Forms the wanted gradients from the upstream gradients, null where none came. */
  interface Pass {
    HeadResult form(List<float[]> upstream, Wanted wanted);
  }

  /** Keeps what the gradient pass needs; c belongs to the parameters and is not copied. */
  DelayedRows(
      HeadKernels kernels,
      HeadProblem problem,
      HeadResult.Rows forward,
      NDList predictions,
      Scaling scaling) {
    this(
        problem.e().getDevice(),
        predictions,
        manager -> {
          HeadProblem kept =
              problem.withHidden(copy(problem.e(), manager), copy(problem.b(), manager));
          return (upstream, wanted) ->
              kernels.backward(scaling.apply(kept, upstream), forward, wanted);
        });
  }

  /**
   * Keeps another gradient pass, made from a manager that is closed with this.
   *
   * @param predictions hidden states, which are not looked at, and parameters
   */
  DelayedRows(Device device, NDList predictions, Function<NDManager, Pass> pass) {
    parameters = predictions.subNDList(1);
    wanted = Wanted.of(predictions).parametersAlone();
    checkLeaf("classifier", wanted.classifier() ? parameters.get(0) : null);
    checkLeaf("bias", wanted.bias() ? parameters.get(1) : null);
    manager = NDManager.newBaseManager(device, "PyTorch");
    this.pass = pass.apply(manager);
  }

  /** Copies an array, or null, into a manager. */
  static NDArray copy(NDArray array, NDManager manager) {
    if (array == null) {
      return null;
    }
    NDArray copy = array.duplicate();
    copy.detach();
    copy.attach(manager);
    return copy;
  }

  private static void checkLeaf(String name, NDArray parameter) {
    if (parameter != null && !FusedDelivery.isLeaf(parameter)) {
      throw new IllegalArgumentException(
          name
              + ": the result of an operation (expected: a parameter, for one loss a row and for rows(): its"
              + " gradient is added once the backward pass is over; reduce to a mean or a sum with"
              + " Delivery.AUTOGRAD, or detach it)");
    }
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
      add(upstream);
    }
    return any;
  }

  private void add(List<float[]> upstream) {
    NDArray weight = parameters.get(0);
    NDArray bias = parameters.size() > 1 ? parameters.get(1) : null;
    try (NDArray intoC = wanted.classifier() ? buffer(weight) : null;
        NDArray intoB = wanted.bias() ? buffer(bias) : null) {
      boolean half = narrow(intoC) || narrow(intoB);
      HeadResult result = pass.form(upstream, half ? wanted : wanted.into(intoC, intoB));
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
