package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import ai.djl.training.listener.TrainingListener;
import dev.headroom.head.training.Accumulation;
import dev.headroom.head.training.AdamW;
import dev.headroom.head.training.AdaptiveNorm;
import dev.headroom.head.training.Checkpoint;
import dev.headroom.head.training.GlobalNorm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Trains for long, beside another head, and with a break: nothing leaks, no bit changes. */
class LongTrainingTest {
  private static final int CLASSES = 300;
  private static final int WIDTH = 8;

  @TempDir Path folder;

  private static NDArray noise(NDManager manager, long seed, long... shape) {
    Random random = new Random(seed);
    float[] values = new float[(int) new Shape(shape).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * 0.5f;
    }
    return manager.create(values, new Shape(shape));
  }

  private static NDArray targets(NDManager manager, int rows, int classes) {
    long[] ids = new long[rows];
    for (int i = 0; i < rows; i++) {
      ids[i] = i % 7 == 3 ? -100 : i * 37L % classes;
    }
    return manager.create(ids);
  }

  /** A model in training, with everything switched on. */
  private static final class Run implements AutoCloseable {
    final Model model = Model.newInstance("long");
    final AdamW adamw;
    final Trainer trainer;
    final ArrayDataset data;
    private final NDManager manager = NDManager.newBaseManager();

    Run(Delivery delivery, long seed) {
      HeadOptions options =
          HeadOptions.of(CLASSES, WIDTH)
              .withBias(true)
              .withDelivery(delivery)
              .withReduction(Reduction.SUM);
      VocabularyHead head = new VocabularyHead(options);
      HeadLoss loss = new HeadLoss(head);
      adamw = AdamW.builder(step -> 0.01).adaptiveNorm(new AdaptiveNorm(1.05, 0.9, 3)).build();
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(WIDTH).build()).add(head));
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(adamw)
              .addEvaluator(new HeadAccuracy(head))
              .addEvaluator(new HeadPerplexity(head))
              .addTrainingListeners(TrainingListener.Defaults.basic())
              .addTrainingListeners(
                  loss.listener(),
                  new Accumulation(options, adamw).listener(),
                  GlobalNorm.clipping(adamw, 1));
      manager.getEngine().setRandomSeed((int) seed);
      trainer = model.newTrainer(config);
      trainer.setMetrics(new Metrics());
      trainer.initialize(new Shape(6, 5));
      data =
          new ArrayDataset.Builder()
              .setData(noise(manager, 3, 60, 5))
              .optLabels(targets(manager, 60, CLASSES))
              .setSampling(6, false)
              .build();
    }

    /** Trains one epoch: a step after every second of ten batches. */
    void epoch() throws Exception {
      int batches = 0;
      for (Batch batch : trainer.iterateDataset(data)) {
        EasyTrain.trainBatch(trainer, batch);
        if (++batches % 2 == 0) {
          trainer.step();
        }
        batch.close();
      }
    }

    int openArrays() {
      return model.getNDManager().getManagedArrays().size()
          + trainer.getManager().getManagedArrays().size()
          + manager.getManagedArrays().size();
    }

    List<float[]> weights() {
      List<float[]> all = new ArrayList<>();
      for (Parameter parameter : model.getBlock().getParameters().values()) {
        all.add(parameter.getArray().toFloatArray());
      }
      return all;
    }

    @Override
    public void close() {
      trainer.close();
      model.close();
      manager.close();
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void leavesNoArrayBehindOverAThousandBatchesOfTheTrainer(Delivery delivery) throws Exception {
    try (Run run = new Run(delivery, 1)) {
      run.epoch();
      EasyTrain.evaluateDataset(run.trainer, run.data);
      int before = run.openArrays();
      for (int epoch = 1; epoch < 100; epoch++) {
        run.epoch();
        if (epoch % 20 == 0) {
          EasyTrain.evaluateDataset(run.trainer, run.data);
        }
        run.trainer.notifyListeners(listener -> listener.onEpoch(run.trainer));
        assertEquals(before, run.openArrays(), "epoch " + epoch);
      }
      float last = run.trainer.getTrainingResult().getTrainEvaluation("HeadAccuracy");
      assertTrue(last > 0.5, "accuracy " + last);
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void continuesFromACheckpointWithTheSameBits(Delivery delivery) throws Exception {
    Path file = folder.resolve("c.bin");
    List<float[]> expected;
    try (Run run = new Run(delivery, 1)) {
      run.epoch();
      Checkpoint.save(file, "1", run.model.getBlock().getParameters(), run.adamw);
      run.epoch();
      run.epoch();
      expected = run.weights();
    }
    try (Run run = new Run(delivery, 2)) {
      Checkpoint.restore(file, run.model.getBlock().getParameters(), run.adamw);
      run.epoch();
      run.epoch();
      List<float[]> actual = run.weights();
      assertEquals(4, actual.size());
      for (int i = 0; i < actual.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), "parameter " + i);
      }
    }
  }

  /** Trains a head of its own size in an own loop, and returns losses and weights. */
  private static List<float[]> alone(int classes, Delivery delivery) {
    try (NDManager manager = NDManager.newBaseManager()) {
      // not a GradientCollector: DJL has one at a time for all threads
      JniUtils.setGradMode(true);
      HeadOptions options = HeadOptions.of(classes, WIDTH).withDelivery(delivery);
      HeadLoss loss = new HeadLoss(options);
      AdamW adamw = AdamW.builder(step -> 0.02).build();
      NDArray weight = noise(manager, classes, classes, WIDTH);
      weight.setRequiresGradient(true);
      NDArray hidden = noise(manager, classes + 1L, 90, WIDTH);
      hidden.setRequiresGradient(true);
      NDArray labels = targets(manager, 90, classes);
      float[] losses = new float[60];
      for (int step = 0; step < losses.length; step++) {
        try (NDManager scratch = manager.newSubManager()) {
          NDArray value = loss.evaluate(new NDList(labels), new NDList(hidden, weight));
          value.attach(scratch);
          NDArray one = scratch.ones(value.getShape());
          JniUtils.backward((PtNDArray) value, (PtNDArray) one, false, false);
          loss.finishBackward();
          losses[step] = value.getFloat();
        }
        for (NDArray array : List.of(weight, hidden)) {
          try (NDArray gradient = array.getGradient()) {
            adamw.update(array == weight ? "c" : "e", array, gradient);
          }
        }
      }
      assertTrue(losses[59] < losses[0] / 2, losses[0] + " to " + losses[59]);
      return List.of(losses, weight.toFloatArray(), hidden.toFloatArray());
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  @Test
  void givesTheSameBitsBesideAnotherHeadOnAnotherThread() throws Exception {
    for (Delivery delivery : Delivery.values()) {
      List<List<float[]>> expected = List.of(alone(5000, delivery), alone(700, delivery));
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try {
        List<Future<List<float[]>>> together = new ArrayList<>();
        for (int classes : new int[] {5000, 700}) {
          together.add(threads.submit(() -> alone(classes, delivery)));
        }
        for (int head = 0; head < 2; head++) {
          List<float[]> actual = together.get(head).get();
          for (int i = 0; i < 3; i++) {
            assertArrayEquals(expected.get(head).get(i), actual.get(i), delivery + " " + head);
          }
        }
      } finally {
        threads.shutdown();
      }
    }
  }
}
