package dev.headroom.head.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.Reduction;
import dev.headroom.head.VocabularyHead;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Holds micro-batches with different numbers of kept rows against one big batch. */
class AccumulationTest {
  private static final int CLASSES = 700;
  private static final int WIDTH = 12;
  private static final int ROWS = 48;
  private static final HeadOptions MEAN =
      HeadOptions.of(CLASSES, WIDTH).withBias(true).withZLoss(1e-2);
  private static final HeadOptions SUM = MEAN.withReduction(Reduction.SUM);

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray noise(long seed, long... shape) {
    Random random = new Random(seed);
    float[] values = new float[(int) new Shape(shape).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.5f;
    }
    return manager.create(values, new Shape(shape));
  }

  /** All rows kept in the first quarter, one in the second, none in the third, half in the last. */
  private NDArray targets() {
    long[] ids = new long[ROWS];
    for (int i = 0; i < ROWS; i++) {
      boolean kept = i < 12 || i == 20 || (i >= 36 && i % 2 == 0);
      ids[i] = kept ? i * 37L % CLASSES : -100;
    }
    return manager.create(ids);
  }

  private static void backward(HeadLoss loss, NDArray labels, NDArray hidden, NDList parameters) {
    try (GradientCollector collector = hidden.getManager().getEngine().newGradientCollector()) {
      NDList predictions = new NDList(hidden).addAll(parameters);
      collector.backward(loss.evaluate(new NDList(labels), predictions));
      loss.finishBackward();
    }
  }

  private NDList parameters() {
    NDList parameters = new NDList(noise(1, CLASSES, WIDTH), noise(2, CLASSES));
    parameters.forEach(array -> array.setRequiresGradient(true));
    return parameters;
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void givesTheGradientOfTheBigBatch(Delivery delivery) {
    NDArray hidden = noise(3, ROWS, WIDTH);
    NDArray labels = targets();
    NDList whole = parameters();
    backward(new HeadLoss(MEAN.withDelivery(delivery)), labels, hidden, whole);

    NDList parts = parameters();
    AdamW adamw = AdamW.builder(step -> 0.01).build();
    HeadOptions options = SUM.withDelivery(delivery);
    Accumulation accumulation = new Accumulation(options, adamw);
    HeadLoss loss = new HeadLoss(options);
    for (String quarter : new String[] {"0:12", "12:24", "24:36", "36:48"}) {
      backward(loss, labels.get(quarter), hidden.get(quarter), parts);
      accumulation.add(new NDList(labels.get(quarter)));
    }
    assertEquals(19, accumulation.rows());
    for (int p = 0; p < 2; p++) {
      float[] expected = whole.get(p).getGradient().toFloatArray();
      float[] actual = parts.get(p).getGradient().toFloatArray();
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], actual[i] * adamw.gradientScale(), 1e-7, "element " + i);
        largest = Math.max(largest, Math.abs(expected[i]));
      }
      assertTrue(largest > 0.01, "gradients to compare: " + largest);
    }
  }

  @Test
  void startsAnewAfterAnUpdate() {
    AdamW adamw = AdamW.builder(step -> 0.01).build();
    Accumulation accumulation = new Accumulation(SUM, adamw);
    NDList labels = new NDList(manager.create(new int[] {1, -100, 3}));
    accumulation.add(labels);
    accumulation.add(labels);
    assertEquals(4, accumulation.rows());
    assertEquals(0.25, adamw.gradientScale());
    adamw.update("w", manager.ones(new Shape(2)), manager.ones(new Shape(2)));
    assertEquals(0, accumulation.rows());
    accumulation.add(labels);
    assertEquals(2, accumulation.rows());
    assertEquals(0.5, adamw.gradientScale());
    adamw.update("w", manager.ones(new Shape(2)), manager.ones(new Shape(2)));
    accumulation.add(new NDList(manager.create(new int[] {-100})));
    assertEquals(1, adamw.gradientScale());
  }

  @Test
  void refusesAMeanOfEachMicroBatch() {
    AdamW adamw = AdamW.builder(step -> 0.01).build();
    String message =
        assertThrows(IllegalArgumentException.class, () -> new Accumulation(MEAN, adamw))
            .getMessage();
    assertTrue(message.startsWith("reduction: MEAN (expected: SUM"), message);
    assertThrows(IllegalArgumentException.class, () -> adamw.divisor(0));
    assertThrows(IllegalArgumentException.class, () -> adamw.divisor(Double.NaN));
  }

  /** Trains in DJL's loop, one step after so many batches, and returns the classifier. */
  private float[] train(HeadOptions options, int batchRows, int batchesOfAStep) throws Exception {
    manager.getEngine().setRandomSeed(5);
    // a large eps keeps the update from amplifying the rounding of gradients near 0
    AdamW adamw = AdamW.builder(step -> 0.05).eps(1e-2).build();
    VocabularyHead head = new VocabularyHead(options);
    HeadLoss loss = new HeadLoss(head);
    DefaultTrainingConfig config = new DefaultTrainingConfig(loss).optOptimizer(adamw);
    config.addTrainingListeners(loss.listener());
    if (options.reduction() == Reduction.SUM) {
      config.addTrainingListeners(new Accumulation(options, adamw).listener());
    }
    config.addTrainingListeners(GlobalNorm.clipping(adamw, 0.5));
    ArrayDataset data =
        new ArrayDataset.Builder()
            .setData(noise(3, ROWS, 6))
            .optLabels(targets())
            .setSampling(batchRows, false)
            .build();
    try (Model model = Model.newInstance("accumulated")) {
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(WIDTH).build()).add(head));
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(batchRows, 6));
        for (int epoch = 0; epoch < 10; epoch++) {
          int batches = 0;
          for (Batch batch : trainer.iterateDataset(data)) {
            EasyTrain.trainBatch(trainer, batch);
            if (++batches % batchesOfAStep == 0) {
              trainer.step();
            }
            batch.close();
          }
        }
        return head.weight().getArray().toFloatArray();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void trainsInDjlsLoopAsTheBigBatchDoes(Delivery delivery) throws Exception {
    float[] whole = train(MEAN.withDelivery(delivery), ROWS, 1);
    float[] parts = train(SUM.withDelivery(delivery), 12, 4);
    double largest = 0;
    double moved = 0;
    for (int i = 0; i < whole.length; i++) {
      largest = Math.max(largest, Math.abs(whole[i] - parts[i]));
      moved = Math.max(moved, Math.abs(whole[i]));
    }
    assertTrue(moved > 0.3, "trained: " + moved);
    assertTrue(largest < 1e-5, "differ by " + largest);
  }
}
