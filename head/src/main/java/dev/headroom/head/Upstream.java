package dev.headroom.head;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import dev.headroom.head.internal.TorchTensors;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Reads the upstream gradients that backward passes brought, by probes of zeros in the same graphs.
 *
 * <p>FUSED has added dC for an upstream gradient of 1 already: the probe's gradient must equal the
 * number of evaluations since the last check. Outputs of rows ({@link DelayedRows}) form dC only
 * now, with the gradient of each row.
 */
final class Upstream {
  private final List<DelayedRows> open = new ArrayList<>();

  private NDArray scalarProbe;
  private int evaluations;

  /** Returns a listener that finishes each training batch, before the step. */
  static TrainingListener listener(Runnable finish) {
    return new TrainingListenerAdapter() {
      @Override
      public void onTrainingBatch(Trainer trainer, BatchData batchData) {
        finish.run();
      }
    };
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

  void add(DelayedRows rows) {
    open.add(rows);
  }

  /**
   * Checks the scalar probe and finishes the rows that a backward pass has been through; others
   * stay open, since a loss may be made of several evaluations.
   */
  void check() {
    if (evaluations > 0) {
      checkScalar();
    }
    for (Iterator<DelayedRows> each = open.iterator(); each.hasNext(); ) {
      DelayedRows rows = each.next();
      if (rows.deliver()) {
        each.remove();
        rows.close();
      }
    }
  }

  /** Checks, and lets go of rows that no backward pass has been through. */
  void finish() {
    try {
      check();
    } finally {
      open.forEach(DelayedRows::close);
      open.clear();
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
}
