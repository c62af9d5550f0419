package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Swaps the head into DJL's own training loop, with DJL's own optimisers. */
class TrainerTest {
  private static final int CLASSES = 900;
  private static final int WIDTH = 16;

  private static SequentialBlock body() {
    return new SequentialBlock()
        .add(Linear.builder().setUnits(WIDTH).build())
        .add(Activation.tanhBlock());
  }

  /** Trains on a fixed task and returns the loss of the last epoch. */
  private static float train(Block block, Loss loss, Optimizer optimizer) throws Exception {
    ai.djl.engine.Engine.getEngine("PyTorch").setRandomSeed(11);
    try (Model model = Model.newInstance("swap");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(block);
      Random random = new Random(3);
      float[] x = new float[64 * 8];
      long[] y = new long[64];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      for (int i = 0; i < y.length; i++) {
        y[i] = (i * 37L) % CLASSES;
      }
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(manager.create(x, new Shape(64, 8)))
              .optLabels(manager.create(y))
              .setSampling(16, false)
              .build();
      DefaultTrainingConfig config = new DefaultTrainingConfig(loss).optOptimizer(optimizer);
      if (loss instanceof HeadLoss head) {
        config.addTrainingListeners(head.listener());
      }
      config.addTrainingListeners(new ai.djl.training.listener.EvaluatorTrainingListener());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(16, 8));
        EasyTrain.fit(trainer, 8, data, data);
        return trainer.getTrainingResult().getTrainLoss();
      }
    }
  }

  private static Optimizer adam() {
    return Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.02f)).build();
  }

  @Test
  void learnsInDjlsOwnLoopWithEveryDeliveryAndOptimiser() throws Exception {
    for (Delivery delivery : Delivery.values()) {
      Optimizer[] optimizers = {
        adam(),
        Optimizer.adamW().optLearningRateTracker(Tracker.fixed(0.02f)).build(),
        Optimizer.sgd().setLearningRateTracker(Tracker.fixed(2f)).build()
      };
      for (Optimizer optimizer : optimizers) {
        HeadOptions options = HeadOptions.of(CLASSES, WIDTH).withBias(true).withDelivery(delivery);
        VocabularyHead head = new VocabularyHead(options);
        float last = train(body().add(head), new HeadLoss(head), optimizer);
        assertTrue(last < 5.5, delivery + " " + optimizer.getClass().getSimpleName() + ": " + last);
      }
    }
  }

  @Test
  void plainHeadLearnsTheSameTaskAlike() throws Exception {
    Block linear = Linear.builder().setUnits(CLASSES).build();
    float plain = train(body().add(linear), new SoftmaxCrossEntropyLoss(), adam());
    VocabularyHead head = new VocabularyHead(HeadOptions.of(CLASSES, WIDTH).withBias(true));
    float ours = train(body().add(head), new HeadLoss(head), adam());
    assertEquals(plain, ours, 1.0, "the two start from different random weights");
  }

  @Test
  void predictsWithTheLogitsOfTheSameWeights() {
    try (NDManager manager = NDManager.newBaseManager()) {
      VocabularyHead head = new VocabularyHead(HeadOptions.of(CLASSES, WIDTH));
      head.initialize(manager, ai.djl.ndarray.types.DataType.FLOAT32, new Shape(4, WIDTH));
      NDArray hidden = manager.randomNormal(new Shape(4, WIDTH));
      NDArray logits = head.logits(hidden);
      assertEquals(new Shape(4, CLASSES), logits.getShape());
      NDArray logProbability = logits.logSoftmax(1);
      HeadLoss loss = new HeadLoss(head);
      float value =
          loss.evaluate(
                  new ai.djl.ndarray.NDList(manager.create(new long[] {1, 2, 3, 4})),
                  new ai.djl.ndarray.NDList(hidden, head.weight().getArray()))
              .getFloat();
      float expected = 0;
      for (int i = 0; i < 4; i++) {
        expected -= logProbability.getFloat(i, i + 1) / 4;
      }
      assertEquals(expected, value, 1e-5);
    }
  }
}
