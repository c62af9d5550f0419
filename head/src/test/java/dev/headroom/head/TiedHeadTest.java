package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Embedding;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.util.PairList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ties the classifier to an embedding table. */
class TiedHeadTest {
  private static final int CLASSES = 60;
  private static final int WIDTH = 7;
  private static final float RATE = 0.5f;
  private static final HeadOptions OPTIONS = HeadOptions.of(CLASSES, WIDTH);

  /** A table of embeddings that owns its parameter. */
  private static final class Table extends AbstractBlock {
    final Parameter table =
        addParameter(
            Parameter.builder()
                .setName("table")
                .setType(Parameter.Type.WEIGHT)
                .optInitializer(new NormalInitializer(0.5f))
                .build());

    @Override
    protected NDList forwardInternal(
        ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
      NDArray ids = inputs.singletonOrThrow();
      NDArray weight = store.getValue(table, ids.getDevice(), training);
      return Embedding.embedding(ids, weight, ai.djl.ndarray.types.SparseFormat.DENSE);
    }

    @Override
    public void prepare(Shape[] inputShapes) {
      table.setShape(new Shape(CLASSES, WIDTH));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return new Shape[] {inputShapes[0].add(WIDTH)};
    }
  }

  /** The gradient of both uses of the table, by central differences in float64. */
  private static float[] differences(float[] weights, long[] ids, long[] next) {
    double[] table = new double[weights.length];
    for (int i = 0; i < table.length; i++) {
      table[i] = weights[i];
    }
    float[] gradient = new float[table.length];
    double step = 1e-5;
    for (int i = 0; i < table.length; i++) {
      double kept = table[i];
      table[i] = kept + step;
      double above = meanLoss(table, ids, next);
      table[i] = kept - step;
      gradient[i] = (float) ((above - meanLoss(table, ids, next)) / (2 * step));
      table[i] = kept;
    }
    return gradient;
  }

  private static double meanLoss(double[] table, long[] ids, long[] next) {
    double loss = 0;
    for (int i = 0; i < ids.length; i++) {
      double sum = 0;
      double target = 0;
      for (int v = 0; v < CLASSES; v++) {
        double z = 0;
        for (int k = 0; k < WIDTH; k++) {
          z += table[(int) ids[i] * WIDTH + k] * table[v * WIDTH + k];
        }
        sum += Math.exp(z);
        target = v == next[i] ? z : target;
      }
      loss += (Math.log(sum) - target) / ids.length;
    }
    return loss;
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void stepsOnceWithTheSumOfBothGradients(Delivery delivery) {
    Table table = new Table();
    VocabularyHead head = new VocabularyHead(OPTIONS.withDelivery(delivery), table.table);
    HeadLoss loss = new HeadLoss(head);
    long[] ids = {3, 5, 3, 59, 0};
    long[] next = {5, 3, 59, 0, 7};
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss)
            .optOptimizer(Optimizer.sgd().setLearningRateTracker(Tracker.fixed(RATE)).build())
            .addTrainingListeners(loss.listener());
    try (Model model = Model.newInstance("tied");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(new SequentialBlock().add(table).add(head));
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(5));
        assertEquals(1, model.getBlock().getParameters().size());
        float[] before = table.table.getArray().toFloatArray();
        try (GradientCollector collector = trainer.newGradientCollector()) {
          NDList out = trainer.forward(new NDList(manager.create(ids)));
          collector.backward(loss.evaluate(new NDList(manager.create(next)), out));
        }
        loss.finishBackward();
        float[] expected = differences(before, ids, next);
        float[] actual = table.table.getArray().getGradient().toFloatArray();
        assertArrayEquals(expected, actual, 1e-6f);
        trainer.step();
        float[] after = table.table.getArray().toFloatArray();
        for (int i = 0; i < after.length; i++) {
          assertEquals(before[i] - RATE * expected[i], after[i], 1e-6, "weight " + i);
        }
      }
    }
  }

  @Test
  void namesASharedParameterOfAnotherShape() {
    Table table = new Table();
    VocabularyHead head = new VocabularyHead(HeadOptions.of(CLASSES + 1, WIDTH), table.table);
    try (NDManager manager = NDManager.newBaseManager()) {
      SequentialBlock block = new SequentialBlock().add(table).add(head);
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> block.initialize(manager, DataType.FLOAT32, new Shape(5)))
              .getMessage();
      assertEquals(
          "shared parameter table: (60, 7) (expected: (61, 7), the classes and width of the head)",
          message);
    }
  }
}
