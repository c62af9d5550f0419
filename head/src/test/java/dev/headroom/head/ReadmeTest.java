package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.TrainingResult;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Dataset;
import ai.djl.training.evaluator.Accuracy;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import dev.headroom.head.losses.NumberTokenLoss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the README's examples and checks that the README shows the lines that ran. */
class ReadmeTest {
  private static final int CLASSES = 900;
  private static final int EPOCHS = 50;
  private static final int WIDTH = 16;
  private static final Shape INPUT = new Shape(8, 4);

  private static TrainingResult before(
      Model model, Block body, int classes, Dataset training, Dataset validation) throws Exception {
    // before begins
    Linear last = Linear.builder().setUnits(classes).build();
    Loss loss = Loss.softmaxCrossEntropyLoss();
    model.setBlock(new SequentialBlock().add(body).add(last));
    DefaultTrainingConfig config = new DefaultTrainingConfig(loss);
    config.optInitializer(new NormalInitializer(0.02f), Parameter.Type.WEIGHT);
    config.addTrainingListeners(TrainingListener.Defaults.basic());
    config.addEvaluator(new Accuracy());
    try (Trainer trainer = model.newTrainer(config)) {
      trainer.initialize(INPUT);
      EasyTrain.fit(trainer, EPOCHS, training, validation);
      return trainer.getTrainingResult();
    }
    // before ends
  }

  private static TrainingResult after(
      Model model, Block body, int classes, Dataset training, Dataset validation) throws Exception {
    // after begins
    VocabularyHead last = new VocabularyHead(HeadOptions.of(classes, WIDTH).withBias(true));
    HeadLoss loss = new HeadLoss(last);
    model.setBlock(new SequentialBlock().add(body).add(last));
    DefaultTrainingConfig config = new DefaultTrainingConfig(loss);
    config.optInitializer(new NormalInitializer(0.02f), Parameter.Type.WEIGHT);
    config.addTrainingListeners(TrainingListener.Defaults.basic());
    config.addTrainingListeners(loss.listener());
    config.addEvaluator(new HeadAccuracy(last));
    config.addEvaluator(new HeadPerplexity(last));
    try (Trainer trainer = model.newTrainer(config)) {
      trainer.initialize(INPUT);
      EasyTrain.fit(trainer, EPOCHS, training, validation);
      return trainer.getTrainingResult();
    }
    // after ends
  }

  private static HeadOptions numbers(Path file, HeadOptions options) throws IOException {
    // numbers begins
    NumberTokens tokens = NumberTokens.ofTokenizerJson(file, NumberTokens.Kind.NUMBERS);
    HeadOptions numbers =
        options.withRowLosses(NumberTokenLoss.wasserstein(tokens).withWeight(0.3));
    // numbers ends
    return numbers;
  }

  private static NDArray predict(
      VocabularyHead last, NDArray hidden, BitSet unused, long seed, long step) {
    // prediction begins
    TopK best = last.topK(hidden, 5); // ids and log-probabilities
    Sampling sampling = Sampling.plain().withTemperature(0.8).withTopP(0.95).withUnused(unused);
    NDArray next = last.sample(hidden, sampling, seed, step); // ids, the same whenever it is asked
    // prediction ends
    best.close();
    return next;
  }

  private static DistillationLoss distil(VocabularyHead student, VocabularyHead teacher) {
    // distillation begins
    Distillation how = Distillation.forwardKl().withTemperature(2, true).withCrossEntropy(0.3);
    DistillationLoss loss = new DistillationLoss(student, teacher, how); // labels: ids, teacher's e
    // distillation ends
    return loss;
  }

  /** Trains on a fixed task from the same random weights. */
  private static TrainingResult train(boolean head) throws Exception {
    try (Model model = Model.newInstance("readme");
        NDManager manager = NDManager.newBaseManager()) {
      long[] ids = new long[32];
      float[] inputs = new float[32 * 4];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = (float) Math.sin(i * 1.7);
        ids[i / 4] = i / 4 * 27L;
      }
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(manager.create(inputs, new Shape(32, 4)))
              .optLabels(manager.create(ids))
              .setSampling(8, false)
              .build();
      Block body = Linear.builder().setUnits(WIDTH).build();
      manager.getEngine().setRandomSeed(17);
      return head
          ? after(model, body, CLASSES, data, data)
          : before(model, body, CLASSES, data, data);
    }
  }

  @Test
  void trainsToTheSameLossesBeforeAndAfterTheSwap() throws Exception {
    TrainingResult plain = train(false);
    TrainingResult ours = train(true);
    assertTrue(plain.getTrainLoss() < Math.log(CLASSES) - 1, "trained: " + plain.getTrainLoss());
    assertEquals(plain.getTrainLoss(), ours.getTrainLoss(), 1e-4);
    assertEquals(plain.getValidateLoss(), ours.getValidateLoss(), 1e-4);
    assertEquals(
        plain.getTrainEvaluation("Accuracy"), ours.getTrainEvaluation("HeadAccuracy"), 1e-6);
    assertEquals(
        plain.getValidateEvaluation("Accuracy"), ours.getValidateEvaluation("HeadAccuracy"), 1e-6);
    assertEquals(
        ours.getValidateLoss(), Math.log(ours.getValidateEvaluation("HeadPerplexity")), 1e-4);
  }

  @Test
  void addsANumberLossWithTheLinesThatTheReadmeShows(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    String model = "{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"3\":1,\"5\":2},\"merges\":[]}";
    Files.writeString(file, "{\"added_tokens\":[],\"model\":" + model + "}");
    HeadOptions options = numbers(file, HeadOptions.of(3, 2));
    assertEquals(1, options.rowLosses().size());
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList labels = new NDList(manager.create(new long[] {2}));
      NDList predictions =
          new NDList(manager.zeros(new Shape(1, 2)), manager.zeros(new Shape(3, 2)));
      float loss = new HeadLoss(options).evaluate(labels, predictions).getFloat();
      // 3 and 5 are as likely: a distance of 1
      assertEquals(Math.log(3) + 0.3, loss, 1e-6);
    }
  }

  @Test
  void predictsWithTheLinesThatTheReadmeShows() {
    try (NDManager manager = NDManager.newBaseManager()) {
      VocabularyHead head = new VocabularyHead(HeadOptions.of(CLASSES, WIDTH));
      head.initialize(manager, DataType.FLOAT32, new Shape(1, WIDTH));
      NDArray hidden = manager.ones(new Shape(2, 3, WIDTH));
      assertEquals(new Shape(2, 3), predict(head, hidden, new BitSet(), 1, 1).getShape());
    }
  }

  @Test
  void distilsWithTheLinesThatTheReadmeShows() {
    try (NDManager manager = NDManager.newBaseManager()) {
      VocabularyHead student = new VocabularyHead(HeadOptions.of(CLASSES, WIDTH));
      VocabularyHead teacher = new VocabularyHead(HeadOptions.of(CLASSES + 1, 5));
      student.initialize(manager, DataType.FLOAT32, new Shape(1, WIDTH));
      teacher.initialize(manager, DataType.FLOAT32, new Shape(1, 5));
      NDList labels = new NDList(manager.create(new long[2]), manager.ones(new Shape(2, 5)));
      NDList predictions =
          new NDList(manager.ones(new Shape(2, WIDTH)), student.weight().getArray());
      float loss = distil(student, teacher).evaluate(labels, predictions).getFloat();
      assertEquals(0.3 * Math.log(CLASSES), loss, 0.3, "heads that are nearly uniform");
    }
  }

  @Test
  void readmeShowsTheLinesThatRan() throws IOException {
    List<String> diff = block("```diff");
    assertEquals(ran("before"), version(diff, "+"));
    assertEquals(ran("after"), version(diff, "-"));
    assertEquals(5, diff.stream().filter(line -> line.startsWith("+")).count());
    List<String> blocks = List.of("numbers", "prediction", "distillation");
    for (int i = 0; i < blocks.size(); i++) {
      List<String> shown = block("```java", i).stream().map(String::strip).toList();
      assertEquals(ran(blocks.get(i)), shown);
    }
  }

  /** The lines of a diff without those of one sign, and without signs. */
  private static List<String> version(List<String> diff, String without) {
    return diff.stream()
        .filter(line -> !line.startsWith(without))
        .map(line -> line.substring(1).strip())
        .toList();
  }

  private static List<String> block(String fence) throws IOException {
    return block(fence, 0);
  }

  /** The block of a fence that so many come before. */
  private static List<String> block(String fence, int before) throws IOException {
    String readme = Files.readString(Path.of("../README.md"));
    int begin = readme.indexOf(fence + "\n");
    for (int i = 0; i < before && begin >= 0; i++) {
      begin = readme.indexOf(fence + "\n", begin + 1);
    }
    assertTrue(begin >= 0, "the README has no " + fence);
    begin += fence.length() + 1;
    return readme.substring(begin, readme.indexOf("```", begin)).lines().toList();
  }

  private static List<String> ran(String name) throws IOException {
    String source = Files.readString(Path.of("src/test/java/dev/headroom/head/ReadmeTest.java"));
    int begin = source.indexOf("// " + name + " begins\n");
    String region = source.substring(begin, source.indexOf("// " + name + " ends\n"));
    return Stream.of(region.split("\n", -1))
        .skip(1)
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .toList();
  }
}
