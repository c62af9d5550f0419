package dev.headroom.listeners;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import java.util.Random;

/** 64 rows of 8 numbers with a class each, in 4 batches an epoch, in DJL's own loop. */
final class SmallTask {
  static final int ROWS = 64;
  static final int BATCH = 16;
  static final int WIDTH = 8;

  private SmallTask() {}

  /** Trains; a row whose number is {@code poisoned} holds NaN, -1 for none. */
  static void train(
      Block block,
      Loss loss,
      int classes,
      Optimizer optimizer,
      int epochs,
      int poisoned,
      TrainingListener... listeners)
      throws Exception {
    Engine.getEngine("PyTorch").setRandomSeed(11);
    try (Model model = Model.newInstance("small");
        NDManager manager = NDManager.newBaseManager()) {
      model.setBlock(block);
      Random random = new Random(3);
      float[] x = new float[ROWS * WIDTH];
      long[] y = new long[ROWS];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      for (int i = 0; i < y.length; i++) {
        y[i] = (i * 37L) % classes;
      }
      if (poisoned >= 0) {
        x[poisoned * WIDTH] = Float.NaN;
      }
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(manager.create(x, new Shape(ROWS, WIDTH)))
              .optLabels(manager.create(y))
              .setSampling(BATCH, false)
              .build();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss).optOptimizer(optimizer).addTrainingListeners(listeners);
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(BATCH, WIDTH));
        EasyTrain.fit(trainer, epochs, data, poisoned >= 0 ? null : data);
      }
    }
  }
}
