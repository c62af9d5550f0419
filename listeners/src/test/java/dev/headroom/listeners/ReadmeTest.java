package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.VocabularyHead;
import dev.headroom.scaling.forecast.LiveForecast;
import dev.headroom.scaling.schedule.Schedule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the README's example and checks that the README shows the lines that ran. */
class ReadmeTest {
  private static final Path SOURCE =
      Path.of("src/test/java/dev/headroom/listeners/ReadmeTest.java");

  @TempDir Path folder;

  @Test
  void theExampleWatchesARun() throws Exception {
    VocabularyHead head = new VocabularyHead(HeadOptions.of(50, 8));
    HeadLoss loss = new HeadLoss(head);
    DefaultTrainingConfig config = new DefaultTrainingConfig(loss);
    Schedule schedule = Schedule.parse("constant(peak=0.02,total=40)");
    Optimizer adam = Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.02f)).build();
    Linear up = Linear.builder().setUnits(8).build();
    SpectralAlignment alignment = new SpectralAlignment(5);
    Path file = folder.resolve("log.jsonl");
    try (LossLog log = LossLog.create(file, "{\"headroom\":\"0.1.0\",\"run\":{}}");
        Model model = Model.newInstance("readme");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(
          new SequentialBlock()
              .add(alignment.before("up", () -> up.getParameters().get("weight")))
              .add(up)
              .add(head));
      // example begins
      SkippingOptimizer optimizer = new SkippingOptimizer(adam);
      config.optOptimizer(optimizer);
      RuleGuard guard =
          RuleGuard.builder().optSkip(optimizer, 3).addCallback(System.err::println).build();
      LiveForecast forecast = new LiveForecast(schedule, List.of(), 0.9);
      config.addTrainingListeners(
          loss.listener(),
          RunListener.builder()
              .optRate(schedule::lr)
              .optAlignment(alignment)
              .addObserver(log)
              .addObserver(guard)
              .addObserver(new ForecastLine(forecast, 500, System.err::println))
              .build());
      // example ends
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(manager.randomNormal(new Shape(40, 4)))
              .optLabels(manager.arange(40).toType(ai.djl.ndarray.types.DataType.INT64, false))
              .setSampling(10, false)
              .build();
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(10, 4));
        EasyTrain.fit(trainer, 10, data, null);
      }
    }
    assertEquals(41, Files.readAllLines(file).size());
  }

  @Test
  void theReadmeShowsIt() throws Exception {
    String source = Files.readString(SOURCE);
    int from = source.indexOf("// example begins\n") + "// example begins\n".length();
    String lines = source.substring(from, source.indexOf("// example ends", from));
    String shown = lines.stripTrailing().replaceAll("(?m)^ {6}", "");
    String readme = Files.readString(Path.of("../README.md"));
    assertTrue(readme.contains("```java\n" + shown + "\n```"), shown);
  }
}
