package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.nn.Activation;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.VocabularyHead;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunListenerTest {
  private static final int CLASSES = 50;

  @TempDir Path folder;

  private static Optimizer adam() {
    return Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.02f)).build();
  }

  @Test
  void writesALogThatTheReadersTake() throws Exception {
    VocabularyHead head =
        new VocabularyHead(HeadOptions.of(CLASSES, 16).withZLoss(0.1).withTopK(1));
    HeadLoss loss = new HeadLoss(head);
    SpectralAlignment alignment = new SpectralAlignment(2);
    Linear up = Linear.builder().setUnits(16).build();
    SequentialBlock block =
        new SequentialBlock()
            .add(alignment.before("up", () -> up.getParameters().get("weight")))
            .add(up)
            .add(Activation.tanhBlock())
            .add(head);
    Path file = folder.resolve("log.jsonl");
    List<TrainingStep> steps = new ArrayList<>();
    try (LossLog log = LossLog.create(file, "{\"headroom\":\"0.1.0\",\"run\":{}}")) {
      RunListener listener =
          RunListener.builder()
              .optRate(step -> 0.02)
              .optAlignment(alignment)
              .addObserver(log)
              .addObserver(steps::add)
              .build();
      SmallTask.train(block, loss, CLASSES, adam(), 6, -1, loss.listener(), listener);
    }
    Run run = LogReader.readRun(file, ColumnMap.none());
    assertEquals(24, run.size());
    assertEquals(24 * SmallTask.BATCH, run.columns().get("tokens")[23]);
    assertEquals(0.02, run.columns().get("lr")[5]);
    assertTrue(run.columns().get("grad_norm")[0] > 0);
    // the negative log-likelihood alone: z-loss would add .1 lse^2 > 1 at the start
    assertEquals(Math.log(CLASSES), run.loss()[0], 0.5);
    assertTrue(run.loss()[23] < 0.8 * run.loss()[0], "last loss " + run.loss()[23]);
    double[] validation = run.columns().get("val_loss");
    assertTrue(Run.isAbsent(validation[2]) && validation[3] > validation[23]);
    assertNotNull(steps.get(0).more().get("lse"));
    assertNotNull(steps.get(0).more().get("max_logit"));
    assertNotNull(steps.get(2).more().get("sign_diversity.up"));
    assertEquals(null, steps.get(1).more().get("sign_diversity.up"));
  }

  @Test
  void evaluatesAnyOtherLossAndCountsOn() throws Exception {
    List<TrainingStep> steps = new ArrayList<>();
    SequentialBlock block = new SequentialBlock().add(Linear.builder().setUnits(CLASSES).build());
    RunListener listener =
        RunListener.builder()
            .optStartAfter(100, 5_000, 60)
            .optThreads(1)
            .addObserver(steps::add)
            .build();
    SmallTask.train(block, new SoftmaxCrossEntropyLoss(), CLASSES, adam(), 8, -1, listener);
    TrainingStep first = steps.get(0);
    assertEquals(101, first.step());
    assertEquals(5_000 + SmallTask.BATCH, first.tokens());
    assertTrue(first.seconds() >= 60);
    assertEquals(Math.log(CLASSES), first.loss(), 1.5);
    assertTrue(steps.get(28).loss() < first.loss());
    assertEquals(null, first.lr());
  }

  @Test
  void skippingLeavesParametersAndMomentsAlone() throws Exception {
    List<Float> losses = new ArrayList<>();
    SkippingOptimizer optimizer = new SkippingOptimizer(adam());
    SequentialBlock block = new SequentialBlock().add(Linear.builder().setUnits(CLASSES).build());
    RunListener listener =
        RunListener.builder()
            .addObserver(step -> optimizer.skip(step.step() <= 7))
            .addObserver(step -> losses.add(step.loss()))
            .build();
    SmallTask.train(block, new SoftmaxCrossEntropyLoss(), CLASSES, optimizer, 3, -1, listener);
    assertEquals(7, optimizer.skipped());
    assertEquals(losses.subList(0, 4), losses.subList(4, 8));
    assertNotEquals(losses.get(4), losses.get(8));
  }
}
