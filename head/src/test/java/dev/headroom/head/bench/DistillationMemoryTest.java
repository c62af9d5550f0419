package dev.headroom.head.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.headroom.head.Backend;
import dev.headroom.head.Delivery;
import dev.headroom.head.Distillation;
import dev.headroom.head.DistillationLoss;
import dev.headroom.head.HeadOptions;
import org.junit.jupiter.api.Test;

class DistillationMemoryTest {
  private static final int ROWS = 512;
  private static final int WIDTH = 32;
  private static final int TEACHER_WIDTH = 48;
  private static final int CLASSES = 80_000;
  private static final long WORKSPACE = 24L << 20;

  @Test
  void staysWithinTheWorkspaceWhereOneSideOfPlainLogitsWouldNot() {
    assumeTrue(ProcessMemory.resetPeak(), "skipped: this system does not let it reset its peak");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray hidden = manager.randomNormal(new Shape(ROWS, WIDTH));
      NDArray weight = manager.randomNormal(new Shape(CLASSES, WIDTH));
      hidden.setRequiresGradient(true);
      weight.setRequiresGradient(true);
      NDArray teacherWeight = manager.randomNormal(new Shape(CLASSES, TEACHER_WIDTH));
      NDList labels =
          new NDList(
              manager.create(new long[ROWS]), manager.randomNormal(new Shape(ROWS, TEACHER_WIDTH)));
      HeadOptions options =
          HeadOptions.of(CLASSES, WIDTH)
              .withDelivery(Delivery.FUSED)
              .withWorkspaceBytes(WORKSPACE)
              .withThreads(2);
      DistillationLoss loss =
          new DistillationLoss(
              options, teacherWeight, null, Distillation.jensenShannon(0.5), Backend.NATIVE_CPU);
      NDList predictions = new NDList(hidden, weight);
      // the first evaluation makes the gradient buffers, which stay
      long[] extra = {evaluate(manager, loss, labels, predictions), 0};
      extra[1] = evaluate(manager, loss, labels, predictions);
      assertTrue(extra[1] <= WORKSPACE + (32L << 20), "peak: " + extra[1]);
      assertTrue(4L * ROWS * CLASSES > 2 * (WORKSPACE + (32L << 20)), "the test can fail");
    }
  }

  private static long evaluate(
      NDManager manager, DistillationLoss loss, NDList labels, NDList predictions) {
    loss.releaseMemory();
    ProcessMemory.resetPeak();
    long before = ProcessMemory.residentBytes();
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      collector.backward(loss.evaluate(labels, predictions));
      loss.finishBackward();
    }
    return ProcessMemory.peakBytes() - before;
  }
}
