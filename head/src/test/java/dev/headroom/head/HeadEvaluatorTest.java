package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.EvaluatorTrainingListener;
import dev.headroom.head.training.AdamW;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds both evaluators against all logits in float64, alone and in DJL's own loop. */
class HeadEvaluatorTest {
  private static final int CLASSES = 4200;
  private static final int WIDTH = 6;
  private static final HeadOptions OPTIONS = HeadOptions.of(CLASSES, WIDTH).withBias(true);

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
    manager.getEngine().setRandomSeed(23);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray inputs(int rows) {
    return manager.randomNormal(new Shape(rows, 5));
  }

  /** Every fifth target is ignored, more in the last rows. */
  private NDArray targets(int rows) {
    long[] ids = new long[rows];
    for (int i = 0; i < rows; i++) {
      ids[i] = i % 5 == 4 || i > rows - 7 ? -100 : i * 131L % CLASSES;
    }
    return manager.create(ids);
  }

  private ArrayDataset data(NDArray inputs) {
    return new ArrayDataset.Builder()
        .setData(inputs)
        .optLabels(targets(52))
        .setSampling(8, false)
        .build();
  }

  /** Accuracy and perplexity of all logits. */
  private static double[] expected(NDArray logits, long[] targets) {
    float[] z = logits.toFloatArray();
    double nll = 0;
    int right = 0;
    int kept = 0;
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] == -100) {
        continue;
      }
      double sum = 0;
      int best = 0;
      for (int v = 0; v < CLASSES; v++) {
        sum += Math.exp(z[i * CLASSES + v]);
        best = z[i * CLASSES + v] > z[i * CLASSES + best] ? v : best;
      }
      nll += Math.log(sum) - z[i * CLASSES + (int) targets[i]];
      right += best == targets[i] ? 1 : 0;
      kept++;
    }
    return new double[] {(double) right / kept, Math.exp(nll / kept)};
  }

  @Test
  void measuresInDjlsTrainingAndValidation() throws Exception {
    VocabularyHead head = new VocabularyHead(OPTIONS);
    HeadLoss loss = new HeadLoss(head);
    NDArray inputs = inputs(52);
    ArrayDataset data = data(inputs);
    try (Model model = Model.newInstance("evaluated")) {
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(WIDTH).build()).add(head));
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(AdamW.builder(step -> 0.02).build())
              .addEvaluator(new HeadAccuracy(head))
              .addEvaluator(new HeadPerplexity(head))
              .addTrainingListeners(loss.listener(), new EvaluatorTrainingListener());
      try (Trainer trainer = model.newTrainer(config)) {
        Metrics metrics = new Metrics();
        trainer.setMetrics(metrics);
        trainer.initialize(new Shape(8, 5));
        EasyTrain.fit(trainer, 5, data, data);

        NDList all = trainer.evaluate(new NDList(inputs));
        double[] expected = expected(head.logits(all.get(0)), targets(52).toLongArray());
        assertTrue(expected[0] > 0.05 && expected[0] < 1, "accuracy " + expected[0]);
        assertEquals(expected[0], latest(metrics, "validate_epoch_HeadAccuracy"), 1e-6);
        assertEquals(
            expected[1], latest(metrics, "validate_epoch_HeadPerplexity"), 2e-5 * expected[1]);
        assertEquals(5, metrics.getMetric("train_epoch_HeadPerplexity").size());
        double first =
            metrics.getMetric("train_epoch_HeadPerplexity").get(0).getValue().doubleValue();
        assertTrue(latest(metrics, "train_epoch_HeadPerplexity") < first / 2);
        all.close();
      }
    }
  }

  private NDList predictions(int rows) {
    NDArray bias = manager.randomNormal(new Shape(CLASSES));
    return new NDList(
        manager.randomNormal(new Shape(rows, WIDTH)),
        manager.randomNormal(new Shape(CLASSES, WIDTH)),
        bias);
  }

  @Test
  void weighsRowsAndNotBatches() {
    NDList predictions = predictions(12);
    NDArray hidden = predictions.get(0);
    NDArray logits = hidden.matMul(predictions.get(1).transpose()).add(predictions.get(2));
    long[] ids = logits.argMax(1).toLongArray();
    ids[1] = 7;
    ids[3] = -100;
    ids[11] = 5;
    double[] expected = expected(logits, ids);
    for (HeadEvaluator evaluator :
        new HeadEvaluator[] {
          new HeadAccuracy("a", OPTIONS), new HeadPerplexity("p", OPTIONS.withZLoss(1))
        }) {
      double want = expected[evaluator instanceof HeadAccuracy ? 0 : 1];
      evaluator.addAccumulator("run");
      assertTrue(Float.isNaN(evaluator.getAccumulator("run")), "no rows yet");
      for (int[] part : new int[][] {{0, 9}, {9, 12}}) {
        String rows = part[0] + ":" + part[1];
        NDList few = new NDList(hidden.get(rows), predictions.get(1), predictions.get(2));
        evaluator.updateAccumulator("run", new NDList(manager.create(ids).get(rows)), few);
      }
      assertEquals(want, evaluator.getAccumulator("run"), 2e-5 * want, evaluator.getName());
      NDArray whole = evaluator.evaluate(new NDList(manager.create(ids)), predictions);
      assertEquals(want, whole.getFloat(), 2e-5 * want);
      evaluator.resetAccumulator("run");
      assertTrue(Float.isNaN(evaluator.getAccumulator("run")));
      assertThrows(IllegalArgumentException.class, () -> evaluator.getAccumulator("another"));
    }
  }

  @Test
  void countsNoIgnoredRowEvenWhereItHoldsNan() {
    NDList predictions = predictions(4);
    predictions.get(0).set(new ai.djl.ndarray.index.NDIndex("1:3"), Float.NaN);
    NDArray logits =
        predictions.get(0).matMul(predictions.get(1).transpose()).add(predictions.get(2));
    long first = logits.get(0).argMax().getLong();
    long best = logits.get(3).argMax().getLong();
    NDList labels = new NDList(manager.create(new long[] {first, -100, -100, best}));
    float perplexity = new HeadPerplexity("p", OPTIONS).evaluate(labels, predictions).getFloat();
    assertTrue(perplexity >= 1 && perplexity < Float.POSITIVE_INFINITY, "" + perplexity);
    float accuracy = new HeadAccuracy("a", OPTIONS).evaluate(labels, predictions).getFloat();
    assertEquals(1, accuracy);
    // a kept row with NaN is wrong, and makes the perplexity NaN
    NDList kept = new NDList(manager.create(new long[] {-100, 0, -100, best}));
    assertEquals(0.5f, new HeadAccuracy("a", OPTIONS).evaluate(kept, predictions).getFloat());
    assertTrue(
        Float.isNaN(new HeadPerplexity("p", OPTIONS).evaluate(kept, predictions).getFloat()));
  }

  @Test
  void keepsTheMetricsOfTwoHeadsApart() {
    NDList predictions = predictions(2);
    NDArray logits =
        predictions.get(0).matMul(predictions.get(1).transpose()).add(predictions.get(2));
    HeadAccuracy right = new HeadAccuracy("words", OPTIONS);
    HeadAccuracy wrong = new HeadAccuracy("types", OPTIONS);
    String stage = EvaluatorTrainingListener.TRAIN_EPOCH;
    right.addAccumulator(stage);
    wrong.addAccumulator(stage);
    NDArray best = logits.argMax(1);
    right.updateAccumulator(stage, new NDList(best), predictions);
    NDArray others = manager.create(new long[] {best.getLong(0) == 0 ? 1 : 0, best.getLong(1)});
    wrong.updateAccumulator(stage, new NDList(others), predictions);
    assertEquals(1, right.getAccumulator(stage));
    assertEquals(0.5f, wrong.getAccumulator(stage));
    assertEquals("train_epoch_words", EvaluatorTrainingListener.metricName(right, stage));
    assertEquals("train_epoch_types", EvaluatorTrainingListener.metricName(wrong, stage));
  }

  private static double latest(Metrics metrics, String name) {
    return metrics.latestMetric(name).getValue().doubleValue();
  }
}
