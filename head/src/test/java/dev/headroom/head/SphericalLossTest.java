package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.dataset.Batch;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import dev.headroom.head.SphericalFunction.SphericalSoftmax;
import dev.headroom.head.SphericalFunction.SquaredError;
import dev.headroom.head.SphericalFunction.TaylorSoftmax;
import dev.headroom.head.SphericalFunction.ZLoss;
import dev.headroom.head.internal.Backends;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SphericalLossTest {
  private static final int ROWS = 24;
  private static final int WIDTH = 10;
  private static final int CLASSES = 1500;
  private static final HeadOptions OPTIONS = HeadOptions.of(CLASSES, WIDTH);
  private static final ZLoss Z = new ZLoss(0.5, 4);

  private NDManager manager;
  private NDArray hidden;
  private NDArray weight;
  private long[] ids;

  static List<SphericalFunction> functions() {
    return List.of(Z, new SphericalSoftmax(0.01), new TaylorSoftmax(), new SquaredError());
  }

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
    Random random = new Random(7);
    hidden = array(random, new Shape(4, 6, WIDTH));
    weight = array(random, new Shape(CLASSES, WIDTH));
    ids = random.longs(ROWS, 0, CLASSES).toArray();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray array(Random random, Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    NDArray array = manager.create(values, shape);
    array.setRequiresGradient(true);
    return array;
  }

  private NDList labels() {
    return new NDList(manager.create(ids, new Shape(4, 6)));
  }

  private record Outcome(float[] loss, float[] dE, float[] dC) {}

  private Outcome run(SphericalLoss loss, NDList labels, float[] upstream) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.evaluate(labels, new NDList(hidden, weight));
      NDArray root = upstream == null ? value : value.mul(manager.create(upstream)).sum();
      collector.backward(root);
      loss.finishBackward();
      return new Outcome(value.toFloatArray(), take(hidden), take(weight));
    }
  }

  private static float[] take(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      float[] values = gradient.toFloatArray();
      gradient.subi(gradient.duplicate());
      return values;
    }
  }

  private static void near(float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length);
    double size = 0;
    for (float x : expected) {
      size = Math.max(size, Math.abs(x));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], bound * size, "element " + i);
    }
  }

  /** One loss a row, by the definition and DJL's own derivatives, with the N x V outputs. */
  private NDArray plain(SphericalFunction function) {
    NDArray o = hidden.reshape(ROWS, WIDTH).matMul(weight.transpose());
    NDArray targets = manager.create(ids, new Shape(ROWS, 1));
    if (function instanceof ZLoss z) {
      NDArray centred = o.sub(o.mean(new int[] {1}, true));
      NDArray sigma = centred.square().mean(new int[] {1}, true).sqrt();
      NDArray own = centred.div(sigma).gather(targets, 1);
      float a = (float) z.a();
      return own.neg().add((float) z.b()).mul(a).exp().add(1f).log().div(a).reshape(ROWS);
    }
    if (function instanceof SquaredError) {
      NDArray oneHot = targets.reshape(ROWS).oneHot(CLASSES);
      return o.sub(oneHot).square().sum(new int[] {1}).div(2f);
    }
    NDArray f =
        function instanceof SphericalSoftmax s
            ? o.square().add((float) s.epsilon())
            : o.square().div(2f).add(o).add(1f);
    return f.sum(new int[] {1}, true).div(f.gather(targets, 1)).log().reshape(ROWS);
  }

  private Outcome plain(SphericalFunction function, float[] upstream) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray rows = plain(function);
      collector.backward(rows.mul(manager.create(upstream)).sum());
      return new Outcome(rows.toFloatArray(), take(hidden), take(weight));
    }
  }

  private static float[] filled(float value) {
    float[] values = new float[ROWS];
    java.util.Arrays.fill(values, value);
    return values;
  }

  @ParameterizedTest
  @MethodSource("functions")
  void matchesItsDefinitionUnderEveryDelivery(SphericalFunction function) {
    Outcome expected = plain(function, filled(1f / ROWS));
    double mean = 0;
    for (float loss : expected.loss) {
      mean += loss / ROWS;
    }
    for (Delivery delivery : Delivery.values()) {
      SphericalLoss loss = new SphericalLoss(OPTIONS.withDelivery(delivery), function);
      Outcome actual = run(loss, labels(), null);
      assertEquals(mean, actual.loss[0], 3e-6 * Math.abs(mean), function.toString());
      near(expected.dE, actual.dE, 2e-5);
      near(expected.dC, actual.dC, 2e-5);
    }
  }

  @ParameterizedTest
  @MethodSource("functions")
  void honoursARandomUpstreamGradientOfEachRow(SphericalFunction function) {
    Random random = new Random(5);
    float[] upstream = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      upstream[i] = (float) random.nextGaussian();
    }
    Outcome expected = plain(function, upstream);
    SphericalLoss loss = new SphericalLoss(OPTIONS.withReduction(Reduction.NONE), function);
    Outcome actual = run(loss, labels(), upstream);
    near(expected.loss, actual.loss, 3e-6);
    near(expected.dE, actual.dE, 2e-5);
    near(expected.dC, actual.dC, 2e-5);
  }

  @Test
  void takesInt32TargetsTokenWeightsAndTheIgnoreIndex() {
    int[] narrow = new int[ROWS];
    float[] weights = new float[ROWS];
    float[] scales = new float[ROWS];
    float sum = 0;
    for (int i = 0; i < ROWS; i++) {
      boolean ignored = i % 5 == 2;
      narrow[i] = ignored ? -100 : (int) ids[i];
      weights[i] = 0.5f + i % 3;
      scales[i] = ignored ? 0 : weights[i];
      sum += scales[i];
    }
    for (int i = 0; i < ROWS; i++) {
      scales[i] /= sum;
    }
    Outcome expected = plain(Z, scales);
    NDList labels =
        new NDList(
            manager.create(narrow, new Shape(4, 6)), manager.create(weights, new Shape(4, 6)));
    Outcome actual = run(new SphericalLoss(OPTIONS, Z), labels, null);
    near(expected.dE, actual.dE, 2e-5);
    near(expected.dC, actual.dC, 2e-5);
    Outcome total = run(new SphericalLoss(OPTIONS.withReduction(Reduction.SUM), Z), labels, null);
    assertEquals(actual.loss[0] * sum, total.loss[0], 1e-4);
  }

  @ParameterizedTest
  @MethodSource("functions")
  void softTargetsAreTheWeightedMeanOfEachTargetsLoss(SphericalFunction function) {
    long[] pairs = new long[2 * ROWS];
    float[] weights = new float[2 * ROWS];
    long[] second = new long[ROWS];
    float[] left = new float[ROWS];
    float[] right = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      second[i] = (ids[i] * 7 + i) % CLASSES;
      pairs[2 * i] = ids[i];
      pairs[2 * i + 1] = second[i];
      weights[2 * i] = left[i] = (i % 4) / 4f;
      weights[2 * i + 1] = right[i] = 1 - left[i];
      left[i] /= ROWS;
      right[i] /= ROWS;
    }
    Outcome first = plain(function, left);
    long[] own = ids;
    ids = second;
    Outcome other = plain(function, right);
    ids = own;
    NDList labels =
        new NDList(
            manager.create(pairs, new Shape(4, 6, 2)), manager.create(weights, new Shape(4, 6, 2)));
    Outcome actual = run(new SphericalLoss(OPTIONS.withSoftTargets(2), function), labels, null);
    for (int i = 0; i < first.dC.length; i++) {
      first.dC[i] += other.dC[i];
    }
    for (int i = 0; i < first.dE.length; i++) {
      first.dE[i] += other.dE[i];
    }
    near(first.dE, actual.dE, 2e-5);
    near(first.dC, actual.dC, 2e-5);
  }

  @ParameterizedTest
  @EnumSource(
      value = Backend.class,
      names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void agreesWithFiniteDifferencesInFloat64(Backend backend) {
    for (SphericalFunction function : functions()) {
      Outcome gradients = run(new SphericalLoss(OPTIONS, function, backend), labels(), null);
      double[] e = doubles(hidden);
      double[] c = doubles(weight);
      for (int i = 0; i < 6; i++) {
        int at = i * 37;
        double expected = slope(e, at, e, c, function);
        assertEquals(
            expected, gradients.dE[at], 2e-5 * Math.max(1, Math.abs(expected)), "dE " + at);
        at = (int) (ids[i] * WIDTH + i);
        expected = slope(c, at, e, c, function);
        assertEquals(
            expected, gradients.dC[at], 2e-5 * Math.max(1, Math.abs(expected)), "dC " + at);
      }
    }
  }

  private double slope(double[] which, int at, double[] e, double[] c, SphericalFunction function) {
    double step = 1e-5;
    double kept = which[at];
    which[at] = kept + step;
    double above = lossInFloat64(e, c, function);
    which[at] = kept - step;
    double below = lossInFloat64(e, c, function);
    which[at] = kept;
    return (above - below) / (2 * step);
  }

  private double lossInFloat64(double[] e, double[] c, SphericalFunction function) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double[] o = new double[CLASSES];
      double mu = 0;
      for (int v = 0; v < CLASSES; v++) {
        for (int k = 0; k < WIDTH; k++) {
          o[v] += e[i * WIDTH + k] * c[v * WIDTH + k];
        }
        mu += o[v] / CLASSES;
      }
      double spread = 0;
      for (double x : o) {
        spread += (x - mu) * (x - mu);
      }
      sum += function.at(CLASSES, mu, spread, o[(int) ids[i]] - mu).loss() / ROWS;
    }
    return sum;
  }

  private static double[] doubles(NDArray array) {
    float[] narrow = array.toFloatArray();
    double[] wide = new double[narrow.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = narrow[i];
    }
    return wide;
  }

  @Test
  void formsOnlyTheGradientThatIsRecorded() {
    Outcome both = run(new SphericalLoss(OPTIONS, Z), labels(), null);
    NDArray frozen = weight.duplicate();
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      SphericalLoss loss = new SphericalLoss(OPTIONS, Z);
      collector.backward(loss.evaluate(labels(), new NDList(hidden, frozen)));
      assertArrayEquals(both.dE, take(hidden));
    }
    NDArray still = hidden.duplicate();
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      SphericalLoss loss = new SphericalLoss(OPTIONS, Z);
      collector.backward(loss.evaluate(labels(), new NDList(still, weight)));
      assertArrayEquals(both.dC, take(weight));
    }
  }

  @Test
  void reportsRowsThatAreNotFiniteAndRowsWithoutADifference() {
    NDArray e = hidden.duplicate();
    e.set(new ai.djl.ndarray.index.NDIndex("1, 2, 3"), Float.NaN);
    e.set(new ai.djl.ndarray.index.NDIndex("2, 2"), 0f);
    SphericalLoss loss = new SphericalLoss(OPTIONS, Z);
    assertTrue(Float.isNaN(loss.evaluate(labels(), new NDList(e, weight)).getFloat()));
    assertEquals(1, loss.nonFiniteRows());
    assertEquals(1, loss.degenerateRows());
  }

  @Test
  void refusesBadInputByName() {
    SphericalLoss loss = new SphericalLoss(OPTIONS, Z);
    ids[7] = CLASSES;
    assertRefused(
        "target of row 7: 1500 (expected: 0 to 1499, or the ignore index -100)",
        () -> loss.evaluate(labels(), new NDList(hidden, weight)));
    ids[7] = 0;
    assertRefused(
        "classifier: (24, 10) (expected: (1500, 10))",
        () -> loss.evaluate(labels(), new NDList(hidden, hidden.reshape(ROWS, WIDTH))));
    assertRefused("bias: true", () -> new SphericalLoss(OPTIONS.withBias(true), Z));
    assertRefused(
        "softCap: 30.0 (expected: 0 with a spherical head)",
        () -> new SphericalHead(OPTIONS.withSoftCap(30), Z));
    assertRefused(
        "labelSmoothing: 0.1", () -> new SphericalLoss(OPTIONS.withLabelSmoothing(0.1), Z));
    assertRefused("zLoss: 1.0", () -> new SphericalLoss(OPTIONS.withZLoss(1), Z));
    assertRefused("topK: 2", () -> new SphericalLoss(OPTIONS.withTopK(2), Z));
    assertRefused("entropy: true", () -> new SphericalLoss(OPTIONS.withEntropy(true), Z));
    assertRefused("logitScale: 2.0", () -> new SphericalLoss(OPTIONS.withLogitScale(2), Z));
    assertRefused(
        "compute: BFLOAT16", () -> new SphericalLoss(OPTIONS.withCompute(ComputeType.BFLOAT16), Z));
    assertRefused(
        "filter: ", () -> new SphericalLoss(OPTIONS.withFilter(GradientFilter.below(0.1)), Z));
    assertRefused("engine: KEPT", () -> new SphericalLoss(OPTIONS.withEngine(Engine.KEPT), Z));
  }

  private static void assertRefused(String begin, org.junit.jupiter.api.function.Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(begin), message);
  }

  @Test
  void givesNothingForNoRows() {
    NDList none = new NDList(manager.create(new long[0], new Shape(0)));
    NDArray e = manager.create(new float[0], new Shape(0, WIDTH));
    assertEquals(
        0f, new SphericalLoss(OPTIONS, Z).evaluate(none, new NDList(e, weight)).getFloat());
  }

  @Test
  void leavesNoArrayBehind() {
    SphericalLoss loss = new SphericalLoss(OPTIONS, Z, Backend.PORTABLE);
    SphericalLoss chosen = new SphericalLoss(OPTIONS, Z, Backends.chosen().kernels().backend());
    NDList labels = labels();
    int before = manager.getManagedArrays().size();
    for (int i = 0; i < 3; i++) {
      try (NDManager batch = manager.newSubManager()) {
        NDArray e = hidden.duplicate();
        e.attach(batch);
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
          NDArray sum = loss.evaluate(labels, new NDList(e, weight));
          collector.backward(sum.add(chosen.evaluate(labels, new NDList(e, weight))));
        }
      }
    }
    assertEquals(before, manager.getManagedArrays().size());
  }

  /** Trains for so many steps and returns the losses. */
  private static float[] train(Delivery delivery, SphericalFunction function, int steps)
      throws Exception {
    ai.djl.engine.Engine.getEngine("PyTorch").setRandomSeed(11);
    try (Model model = Model.newInstance("spherical");
        NDManager manager = NDManager.newBaseManager()) {
      HeadOptions options = HeadOptions.of(900, 16).withDelivery(delivery);
      SphericalHead head = new SphericalHead(options, function);
      SphericalLoss loss = new SphericalLoss(head);
      model.setBlock(
          new SequentialBlock()
              .add(Linear.builder().setUnits(16).build())
              .add(Activation.tanhBlock())
              .add(head));
      Random random = new Random(3);
      float[] x = new float[32 * 8];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      long[] y = new long[32];
      for (int i = 0; i < y.length; i++) {
        y[i] = (i * 37L) % 900;
      }
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(manager.create(x, new Shape(32, 8)))
              .optLabels(manager.create(y))
              .setSampling(32, false)
              .build();
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.02f)).build())
              .addTrainingListeners(loss.listener());
      float[] losses = new float[steps];
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(32, 8));
        for (int step = 0; step < steps; step++) {
          for (Batch batch : trainer.iterateDataset(data)) {
            EasyTrain.trainBatch(trainer, batch);
            trainer.step();
            batch.close();
          }
          try (NDManager scratch = manager.newSubManager()) {
            NDArray input = scratch.create(x, new Shape(32, 8));
            NDList out = trainer.evaluate(new NDList(input));
            losses[step] = loss.evaluate(new NDList(scratch.create(y)), out).getFloat();
          }
        }
        if (function.grows()) {
          NDArray input = manager.create(x, new Shape(32, 8));
          NDArray e = trainer.evaluate(new NDList(input)).head();
          assertEquals(new Shape(32, 2), head.topK(e, 2).getShape());
          long[] best = head.topK(e, 1).toLongArray();
          assertArrayEquals(head.outputs(e).argMax(1).toLongArray(), best);
        }
      }
      return losses;
    }
  }

  @ParameterizedTest
  @MethodSource("functions")
  void learnsInDjlsOwnLoop(SphericalFunction function) throws Exception {
    float[] autograd = train(Delivery.AUTOGRAD, function, 30);
    assertTrue(
        autograd[29] < 0.8 * autograd[0], function + ": " + autograd[0] + " to " + autograd[29]);
    float[] fused = train(Delivery.FUSED, function, 30);
    near(autograd, fused, 1e-3);
  }

  @Test
  void ranksNoClassesWhereALargerOutputIsNotALikelierClass() {
    SphericalHead head = new SphericalHead(OPTIONS, new TaylorSoftmax());
    head.initialize(manager, DataType.FLOAT32, new Shape(4, WIDTH));
    assertEquals(List.of("01classifier_weight"), head.getParameters().keys());
    assertThrows(IllegalStateException.class, () -> head.topK(hidden, 1));
  }
}
