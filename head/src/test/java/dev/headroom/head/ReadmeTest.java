package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Runs the README's example and checks that the README shows the lines that ran. */
class ReadmeTest {

  @Test
  void trainsWithTheLinesThatTheReadmeShows() throws Exception {
    try (Model model = Model.newInstance("readme");
        NDManager manager = NDManager.newBaseManager()) {
      ArrayDataset batches =
          new ArrayDataset.Builder()
              .setData(manager.ones(new Shape(8, 4)))
              .optLabels(manager.create(new long[] {1, 2, 3, 4, 5, 6, 7, 200_018}))
              .setSampling(8, false)
              .build();
      Block body = Linear.builder().setUnits(16).build();
      // README begins
      VocabularyHead head = new VocabularyHead(HeadOptions.of(200_019, 16));
      HeadLoss loss = new HeadLoss(head);
      model.setBlock(new SequentialBlock().add(body).add(head)); // was: Linear of 200,019 units
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss); // was: softmaxCrossEntropyLoss
      config.addTrainingListeners(loss.listener());
      // README ends
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(8, 4));
        EasyTrain.fit(trainer, 2, batches, null);
      }
    }
    String source = Files.readString(Path.of("src/test/java/dev/headroom/head/ReadmeTest.java"));
    String shown =
        source.substring(source.indexOf("// README begins\n"), source.indexOf("// README ends\n"));
    String readme = Files.readString(Path.of("../README.md"));
    for (String line : shown.lines().skip(1).toList()) {
      assertTrue(readme.contains(line.strip()), "the README lacks: " + line.strip());
    }
  }
}
