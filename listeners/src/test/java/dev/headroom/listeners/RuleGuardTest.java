package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RuleGuardTest {
  private static final int CLASSES = 50;

  private static TrainingStep step(long step, double loss) {
    return new TrainingStep(step, 100 * step, (float) loss, 1e-3, 1.0, step, Map.of());
  }

  private static double healthy(long step) {
    return 3 + 5 / Math.sqrt(step) + 0.02 * Math.sin(7.3 * step);
  }

  private static Linear linear() {
    return Linear.builder().setUnits(CLASSES).build();
  }

  private static Optimizer adam() {
    return Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.02f)).build();
  }

  @Test
  void letsAHealthyRunPass() {
    RuleGuard guard = RuleGuard.builder().build();
    for (long i = 1; i <= 2000; i++) {
      guard.onStep(step(i, healthy(i)));
    }
    assertTrue(guard.verdict().passed(), guard.verdict().toString());
  }

  @Test
  void stopsARunWhoseLossIsNotFinite() throws Exception {
    List<Finding> called = new ArrayList<>();
    RuleGuard guard = RuleGuard.builder().addCallback(called::add).build();
    SequentialBlock block = new SequentialBlock().add(linear());
    RunListener listener = RunListener.builder().addObserver(guard).build();
    // row 40 lies in the third batch
    RunStoppedException stopped =
        assertThrows(
            RunStoppedException.class,
            () ->
                SmallTask.train(
                    block, new SoftmaxCrossEntropyLoss(), CLASSES, adam(), 2, 40, listener));
    assertEquals(3, stopped.step());
    assertEquals("finite", stopped.findings().get(0).rule());
    assertEquals("finite", called.get(0).rule());
    assertFalse(guard.verdict().passed());
  }

  @Test
  void leavesBadUpdatesOutAndGoesOn() throws Exception {
    SkippingOptimizer optimizer = new SkippingOptimizer(adam());
    RuleGuard guard = RuleGuard.builder().optSkip(optimizer, 2).build();
    List<Float> losses = new ArrayList<>();
    SequentialBlock block = new SequentialBlock().add(linear());
    RunListener listener =
        RunListener.builder()
            .addObserver(guard)
            .addObserver(step -> losses.add(step.loss()))
            .build();
    SmallTask.train(block, new SoftmaxCrossEntropyLoss(), CLASSES, optimizer, 6, 40, listener);
    assertEquals(24, losses.size());
    assertEquals(6, optimizer.skipped());
    assertTrue(Float.isNaN(losses.get(2)) && Float.isNaN(losses.get(22)));
    assertTrue(losses.get(20) < losses.get(0), losses.toString());
  }

  @Test
  void stopsWhereTooManyUpdatesInARowAreLeftOut() {
    SkippingOptimizer optimizer = new SkippingOptimizer(adam());
    RuleGuard guard = RuleGuard.builder().optSkip(optimizer, 2).build();
    guard.onStep(step(1, 5));
    guard.onStep(step(2, Double.NaN));
    guard.onStep(step(3, Double.NaN));
    RunStoppedException stopped =
        assertThrows(RunStoppedException.class, () -> guard.onStep(step(4, Double.NaN)));
    assertTrue(stopped.getMessage().contains("3 updates in a row"), stopped.getMessage());
  }

  @Test
  void leavesASpikeOutAtOnce() {
    SkippingOptimizer optimizer = new SkippingOptimizer(adam());
    RuleGuard guard = RuleGuard.builder().optSkip(optimizer, 5).neverStop().build();
    for (long i = 1; i <= 300; i++) {
      guard.onStep(step(i, i == 200 ? 2 * healthy(i) : healthy(i)));
    }
    assertEquals(1, optimizer.skipped());
  }

  @Test
  void goesOnWhereItIsNeverToStop() {
    List<Finding> called = new ArrayList<>();
    RuleGuard guard = RuleGuard.builder().neverStop().addCallback(called::add).build();
    for (long i = 1; i <= 400; i++) {
      guard.onStep(step(i, i < 200 ? healthy(i) : healthy(i) + 0.02 * (i - 200)));
    }
    assertTrue(called.stream().anyMatch(f -> f.severity() == Severity.ERROR), called.toString());
    assertFalse(guard.verdict().passed());
  }
}
