package dev.headroom.head;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.internal.FusedDelivery;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.TorchTensors;
import dev.headroom.head.internal.Wanted;

/**
 * Reads the upstream gradient that a backward pass brought, by a probe of zeros in the same graph.
 *
 * <p>FUSED has added dC for an upstream gradient of 1 already: the probe's gradient must equal the
 * number of evaluations since the last check. Reduction NONE forms dC only now, with the gradient
 * of each row.
 */
final class Upstream {
  private final Delivery delivery;

  private NDArray scalarProbe;
  private int evaluations;
  private NDManager rowManager;
  private NDArray rowProbe;
  private NDList parameters;
  private Rows rows;

  /** What is needed to form the classifier's gradient later. */
  record Rows(HeadKernels kernels, HeadProblem problem, HeadResult.Rows forward) {}

  Upstream(Delivery delivery) {
    this.delivery = delivery;
  }

  NDArray addScalarProbe(NDArray loss) {
    if (scalarProbe == null) {
      // on the CPU wherever the loss is: its gradient is read and cleared in place
      scalarProbe = NDManager.newBaseManager(Device.cpu(), "PyTorch").zeros(new Shape());
      scalarProbe.setRequiresGradient(true);
    }
    evaluations++;
    return loss.add(scalarProbe);
  }

  NDArray addRowProbe(NDArray loss, NDList predictions, Rows newRows) {
    rowManager = NDManager.newBaseManager(loss.getDevice(), "PyTorch");
    rowProbe = rowManager.zeros(loss.getShape());
    rowProbe.setRequiresGradient(true);
    NDArray hidden = newRows.problem.e().duplicate();
    hidden.detach();
    hidden.attach(rowManager);
    HeadProblem old = newRows.problem;
    HeadProblem kept =
        new HeadProblem(
            hidden,
            old.c(),
            old.b(),
            old.targets(),
            old.soft(),
            old.r(),
            old.rZ(),
            old.upstream(),
            old.options());
    rows = new Rows(newRows.kernels, kept, newRows.forward);
    parameters = predictions.subNDList(1);
    return loss.add(rowProbe);
  }

  /** Checks the scalar probe, or finishes the rows; does nothing where no evaluation is open. */
  void check() {
    if (delivery == Delivery.FUSED && evaluations > 0) {
      checkScalar();
    }
    if (rows != null) {
      finishRows();
    }
  }

  private void checkScalar() {
    int expected = evaluations;
    float actual;
    try (NDArray gradient = scalarProbe.getGradient()) {
      actual = gradient.getFloat();
      // written in place: NaN times 0 would stay NaN
      TorchTensors.data(gradient).setFloat(0, 0);
    }
    evaluations = 0;
    if (actual != expected) {
      throw new IllegalStateException(
          "upstream gradient of a FUSED head: "
              + actual
              + " over "
              + expected
              + " evaluations (expected: "
              + expected
              + ", the loss is the root of each backward pass; the classifier's gradient of these steps is wrong; set"
              + " weights on the head or use Delivery.AUTOGRAD, and call HeadLoss.finishBackward or add"
              + " HeadLoss.listener to be told before the step)");
    }
  }

  private void finishRows() {
    Rows open = rows;
    rows = null;
    try (NDManager manager = rowManager;
        NDArray gradient = rowProbe.getGradient()) {
      float[] g = gradient.toFloatArray();
      HeadProblem problem = open.problem;
      for (int i = 0; i < g.length; i++) {
        g[i] *= problem.r()[i];
      }
      addClassifierGradient(open.kernels, problem.withScales(g, g), open.forward);
    }
  }

  private void addClassifierGradient(
      HeadKernels kernels, HeadProblem problem, HeadResult.Rows forward) {
    NDArray weight = parameters.get(0);
    boolean classifier = weight.hasGradient();
    boolean bias = parameters.size() > 1 && parameters.get(1).hasGradient();
    boolean recording = TorchTensors.gradModeIsOn();
    try (NDArray intoC = classifier ? FusedDelivery.buffer(weight) : null;
        NDArray intoB = bias ? FusedDelivery.buffer(parameters.get(1)) : null) {
      if ((classifier && intoC == null) || (bias && intoB == null)) {
        throw new IllegalStateException(
            "gradient buffer of the classifier: none that stays (expected: one; recording is "
                + recording
                + ")");
      }
      kernels.backward(problem, forward, new Wanted(false, classifier, bias, intoC, intoB));
    }
  }
}
