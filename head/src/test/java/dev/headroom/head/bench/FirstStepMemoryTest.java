package dev.headroom.head.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import org.junit.jupiter.api.Test;

class FirstStepMemoryTest {
  private static final long CLASSES = 150_000;
  private static final long WIDTH = 256;
  private static final long WORKSPACE = 64L << 20;

  /** The first step also makes the gradient buffer, and nothing else of its size. */
  @Test
  void theFirstStepTakesOneGradientBufferMore() {
    HeadOptions options =
        HeadOptions.of(CLASSES, WIDTH).withDelivery(Delivery.FUSED).withWorkspaceBytes(WORKSPACE);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray weight = manager.ones(new Shape(CLASSES, WIDTH));
      weight.setRequiresGradient(true);
      NDArray hidden = manager.ones(new Shape(8, WIDTH));
      NDArray targets = manager.zeros(new Shape(8), DataType.INT64);
      HeadLoss loss = new HeadLoss(options);
      assumeTrue(ProcessMemory.resetPeak(), "skipped: this system does not reset a peak");
      long before = ProcessMemory.residentBytes();
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        collector.backward(loss.evaluate(new NDList(targets), new NDList(hidden, weight)));
      }
      long extra = ProcessMemory.peakBytes() - before - 4 * CLASSES * WIDTH;
      loss.finishBackward();
      loss.releaseMemory();
      assertTrue(extra <= WORKSPACE + (32L << 20), extra + " bytes above the gradient buffer");
    }
  }
}
