package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Wanted;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HeadLossTest {
  private static final int ROWS = 24;
  private static final int WIDTH = 10;
  private static final int CLASSES = 1500;
  private static final HeadOptions OPTIONS = HeadOptions.of(CLASSES, WIDTH);

  private NDManager manager;
  private NDArray hidden;
  private NDArray weight;
  private NDArray bias;
  private NDArray targets;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
    Random random = new Random(7);
    hidden = array(random, new Shape(4, 6, WIDTH));
    weight = array(random, new Shape(CLASSES, WIDTH));
    bias = array(random, new Shape(CLASSES));
    long[] ids = new long[ROWS];
    for (int i = 0; i < ROWS; i++) {
      ids[i] = random.nextInt(CLASSES);
    }
    targets = manager.create(ids, new Shape(4, 6));
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

  /** A loss and the gradients it left behind. */
  private record Outcome(float[] loss, float[] dE, float[] dC, float[] dB) {}

  private Outcome run(HeadLoss loss, boolean withBias, float upstream) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDList predictions = withBias ? new NDList(hidden, weight, bias) : new NDList(hidden, weight);
      NDArray value = loss.evaluate(new NDList(targets), predictions);
      collector.backward(upstream == 1 ? value : value.mul(upstream));
      loss.finishBackward();
      return outcome(value, withBias);
    }
  }

  private Outcome outcome(NDArray value, boolean withBias) {
    return new Outcome(
        value.toFloatArray(), take(hidden), take(weight), withBias ? take(bias) : new float[0]);
  }

  private static float[] take(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      float[] values = gradient.toFloatArray();
      gradient.subi(gradient.duplicate());
      return values;
    }
  }

  private Outcome plain(float upstream) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray logits = hidden.reshape(ROWS, WIDTH).matMul(weight.transpose()).add(bias);
      NDArray value =
          new SoftmaxCrossEntropyLoss().evaluate(new NDList(targets.flatten()), new NDList(logits));
      collector.backward(value.mul(upstream));
      return outcome(value, true);
    }
  }

  private static void near(float[] expected, float[] actual, double bound) {
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], bound, "element " + i);
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void matchesLinearWithSoftmaxCrossEntropy(Delivery delivery) {
    Outcome expected = plain(1);
    Outcome actual = run(new HeadLoss(OPTIONS.withBias(true).withDelivery(delivery)), true, 1);
    near(expected.loss, actual.loss, 2e-6);
    near(expected.dE, actual.dE, 1e-6);
    near(expected.dC, actual.dC, 1e-6);
    near(expected.dB, actual.dB, 1e-6);
  }

  @Test
  void honoursAnyUpstreamGradientUnderAutograd() {
    Outcome expected = plain(-3);
    Outcome actual = run(new HeadLoss(OPTIONS.withBias(true)), true, -3);
    near(expected.dE, actual.dE, 1e-6);
    near(expected.dC, actual.dC, 1e-6);
    near(expected.dB, actual.dB, 1e-6);
  }

  @ParameterizedTest
  @EnumSource(Backend.class)
  void agreesWithFiniteDifferencesOfTheReference(Backend backend) {
    if (backend == Backend.CUDA) {
      String refusal =
          assertThrows(IllegalArgumentException.class, () -> Backends.of(backend)).getMessage();
      assertTrue(refusal.startsWith("backend: CUDA (expected: one that can serve here"), refusal);
      return;
    }
    HeadOptions options = OPTIONS.withBias(true).withZLoss(0.01);
    Outcome gradients = run(new HeadLoss(options, backend), true, 1);
    double[] e = doubles(hidden);
    double[] c = doubles(weight);
    double[] b = doubles(bias);
    double step = 1e-5;
    for (int i = 0; i < 8; i++) {
      int at = i * 29;
      assertEquals(slope(e, at, step, e, c, b), gradients.dE[at], 3e-6, "dE " + at);
      at = (int) (targets.toLongArray()[i] * WIDTH + i);
      assertEquals(slope(c, at, step, e, c, b), gradients.dC[at], 3e-6, "dC " + at);
      at = (int) targets.toLongArray()[i];
      assertEquals(slope(b, at, step, e, c, b), gradients.dB[at], 3e-6, "dB " + at);
    }
  }

  private double slope(double[] which, int at, double step, double[] e, double[] c, double[] b) {
    double kept = which[at];
    which[at] = kept + step;
    double above = lossInFloat64(e, c, b);
    which[at] = kept - step;
    double below = lossInFloat64(e, c, b);
    which[at] = kept;
    return (above - below) / (2 * step);
  }

  private double lossInFloat64(double[] e, double[] c, double[] b) {
    long[] t = targets.toLongArray();
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double total = 0;
      double target = 0;
      for (int v = 0; v < CLASSES; v++) {
        double z = b[v];
        for (int k = 0; k < WIDTH; k++) {
          z += e[i * WIDTH + k] * c[v * WIDTH + k];
        }
        total += Math.exp(z);
        target = v == t[i] ? z : target;
      }
      double lse = Math.log(total);
      sum += lse - target + 0.01 * lse * lse;
    }
    return sum / ROWS;
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
  void sumIsRowsTimesTheMean() {
    Outcome mean = run(new HeadLoss(OPTIONS), false, 1);
    Outcome sum = run(new HeadLoss(OPTIONS.withReduction(Reduction.SUM)), false, 1);
    assertEquals(mean.loss[0] * ROWS, sum.loss[0], 1e-4);
    assertEquals(mean.dE[5] * ROWS, sum.dE[5], 1e-6);
  }

  @Test
  void givesOneLossARowAndHonoursEachUpstreamGradient() {
    float[] scales = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      scales[i] = i % 5 - 1.5f;
    }
    HeadLoss loss = new HeadLoss(OPTIONS.withBias(true).withReduction(Reduction.NONE));
    Outcome actual;
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray rows = loss.evaluate(new NDList(targets), new NDList(hidden, weight, bias));
      assertEquals(new Shape(ROWS), rows.getShape());
      collector.backward(rows.mul(manager.create(scales)).sum());
      loss.finishBackward();
      actual = outcome(rows, true);
    }
    Outcome expected;
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray logits =
          hidden.reshape(ROWS, WIDTH).matMul(weight.transpose()).add(bias).logSoftmax(1);
      NDArray rows =
          logits.get(
              new ai.djl.ndarray.index.NDIndex().addAllDim().addPickDim(targets.reshape(ROWS, 1)));
      NDArray nll = rows.neg().reshape(ROWS);
      collector.backward(nll.mul(manager.create(scales)).sum());
      expected = outcome(nll, true);
    }
    near(expected.loss, actual.loss, 5e-6);
    near(expected.dE, actual.dE, 3e-5);
    near(expected.dC, actual.dC, 3e-5);
    near(expected.dB, actual.dB, 3e-5);
  }

  @Test
  void refusesAFusedLossThatIsNotTheRoot() {
    HeadLoss loss = new HeadLoss(OPTIONS.withDelivery(Delivery.FUSED));
    String message =
        assertThrows(IllegalStateException.class, () -> run(loss, false, 3)).getMessage();
    assertTrue(
        message.startsWith("upstream gradient of a FUSED head: 3.0 over 1 evaluations"), message);
    take(hidden);
    take(weight);
    Outcome again = run(loss, false, 1);
    near(run(new HeadLoss(OPTIONS), false, 1).dC, again.dC, 1e-7);
  }

  @Test
  void addsFusedGradientsOverSeveralBackwardPasses() {
    HeadLoss loss = new HeadLoss(OPTIONS.withDelivery(Delivery.FUSED));
    float[] once = run(loss, false, 1).dC;
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      for (int i = 0; i < 2; i++) {
        collector.backward(loss.evaluate(new NDList(targets), new NDList(hidden, weight)));
      }
    }
    loss.finishBackward();
    float[] twice = take(weight);
    for (int i = 0; i < once.length; i++) {
      assertEquals(2 * once[i], twice[i], 1e-6);
    }
  }

  @Test
  void formsNoGradientInValidation() {
    HeadLoss loss = new HeadLoss(OPTIONS.withDelivery(Delivery.FUSED));
    run(loss, false, 1);
    loss.evaluate(new NDList(targets), new NDList(hidden.duplicate(), weight));
    assertArrayEquals(new float[CLASSES * WIDTH], take(weight));
  }

  /** Counts how often the kernels run. */
  private static final class CountingKernels implements HeadKernels {
    private final HeadKernels real = Backends.chosen().kernels();
    private int calls;

    @Override
    public Backend backend() {
      return real.backend();
    }

    @Override
    public Engine engine(HeadOptions options, long n) {
      return real.engine(options, n);
    }

    @Override
    public void logits(HeadProblem problem, long begin, long end, java.nio.FloatBuffer into) {
      real.logits(problem, begin, end, into);
    }

    @Override
    public HeadResult forward(HeadProblem problem) {
      calls++;
      return real.forward(problem);
    }

    @Override
    public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
      calls++;
      return real.forwardBackward(problem, wanted);
    }

    @Override
    public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
      calls++;
      return real.backward(problem, forward, wanted);
    }
  }

  @Test
  void costsNothingAtASecondEvaluationUnlessTheWeightsMoved() {
    CountingKernels kernels = new CountingKernels();
    HeadLoss loss = new HeadLoss("counted", OPTIONS, kernels);
    NDList predictions = new NDList(hidden, weight);
    float first;
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.evaluate(new NDList(targets), predictions);
      collector.backward(value);
      first = value.getFloat();
    }
    assertEquals(first, loss.evaluate(new NDList(targets), predictions).getFloat());
    assertEquals(1, kernels.calls);
    weight.muli(0);
    float uniform = loss.evaluate(new NDList(targets), predictions).getFloat();
    assertEquals(Math.log(CLASSES), uniform, 1e-5);
    assertEquals(2, kernels.calls);
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void reachesWhatIsBehindTheHiddenStates(Delivery delivery) {
    Outcome expected = plain(1);
    HeadLoss loss = new HeadLoss(OPTIONS.withBias(true).withDelivery(delivery));
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray network = hidden.mul(manager.ones(hidden.getShape()));
      collector.backward(loss.evaluate(new NDList(targets), new NDList(network, weight, bias)));
    }
    loss.finishBackward();
    near(expected.dE, take(hidden), 1e-6);
    near(expected.dC, take(weight), 1e-6);
  }

  @Test
  void leavesAFrozenClassifierWithoutGradient() {
    Outcome expected = plain(1);
    weight.setRequiresGradient(false);
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      collector.backward(
          new HeadLoss(OPTIONS.withBias(true))
              .evaluate(new NDList(targets), new NDList(hidden, weight, bias)));
    }
    near(expected.dE, take(hidden), 1e-6);
    near(expected.dB, take(bias), 1e-6);
  }

  @Test
  void givesZeroWhereEveryTargetIsIgnored() {
    targets = manager.full(new Shape(4, 6), -100, DataType.INT64);
    for (Delivery delivery : Delivery.values()) {
      Outcome outcome = run(new HeadLoss(OPTIONS.withDelivery(delivery)), false, 1);
      assertEquals(0f, outcome.loss[0]);
      assertArrayEquals(new float[CLASSES * WIDTH], outcome.dC);
    }
  }

  @Test
  void leavesNoArrayBehindOverAThousandSteps() {
    List<HeadLoss> losses =
        List.of(
            new HeadLoss(OPTIONS),
            new HeadLoss(OPTIONS.withDelivery(Delivery.FUSED)),
            new HeadLoss(OPTIONS.withReduction(Reduction.NONE)));
    int before = -1;
    for (int step = 0; step < 1000; step++) {
      for (HeadLoss loss : losses) {
        try (NDManager batch = manager.newSubManager();
            GradientCollector collector = manager.getEngine().newGradientCollector()) {
          NDArray e = hidden.duplicate();
          e.attach(batch);
          NDArray value = loss.evaluate(new NDList(targets), new NDList(e, weight));
          NDArray root = value.sum();
          collector.backward(root);
          loss.finishBackward();
        }
      }
      int open = manager.getManagedArrays().size();
      before = step == 10 ? open : before;
      assertTrue(
          step < 10 || open == before,
          "step " + step + ": " + open + " arrays, " + before + " before");
    }
  }

  @Test
  void namesWhatIsWrongWithItsInput() {
    HeadLoss loss = new HeadLoss(OPTIONS);
    refuses(
        "target of row 3: 1500 (expected: 0 to 1499, or the ignore index -100)",
        () -> {
          targets.setScalar(new ai.djl.ndarray.index.NDIndex("0, 3"), CLASSES);
          loss.evaluate(new NDList(targets), new NDList(hidden, weight));
        });
    refuses(
        "target of row 3: -1 (expected: 0 to 1499, or the ignore index -100)",
        () -> {
          targets.setScalar(new ai.djl.ndarray.index.NDIndex("0, 3"), -1);
          loss.evaluate(new NDList(targets), new NDList(hidden, weight));
        });
    refuses(
        "hidden states columns: 9 (expected: 10, the width of the classifier)",
        () ->
            loss.evaluate(
                new NDList(targets), new NDList(manager.zeros(new Shape(4, 6, 9)), weight)));
    refuses(
        "classifier: (1499, 10) (expected: (1500, 10))",
        () ->
            loss.evaluate(
                new NDList(targets), new NDList(hidden, manager.zeros(new Shape(1499, 10)))));
    refuses(
        "targets: (6, 4) (expected: (4, 6), one for each row of the hidden states (4, 6, 10))",
        () -> loss.evaluate(new NDList(targets.reshape(6, 4)), new NDList(hidden, weight)));
    refuses(
        "targets: float32 (expected: INT32 or INT64)",
        () ->
            loss.evaluate(
                new NDList(targets.toType(DataType.FLOAT32, true)), new NDList(hidden, weight)));
    refuses(
        "hidden states: float64 (expected: FLOAT32 or FLOAT16; bfloat16 is a compute type:",
        () ->
            loss.evaluate(
                new NDList(targets), new NDList(hidden.toType(DataType.FLOAT64, true), weight)));
    refuses(
        "predictions: 1 arrays (expected: 2, as VocabularyHead returns them: hidden, weight)",
        () -> loss.evaluate(new NDList(targets), new NDList(hidden)));
    NDArray closed = hidden.duplicate();
    closed.close();
    String message =
        assertThrows(
                IllegalStateException.class,
                () -> loss.evaluate(new NDList(targets), new NDList(closed, weight)))
            .getMessage();
    assertTrue(message.startsWith("hidden states: closed (expected: an open array"), message);
  }

  private void refuses(String start, org.junit.jupiter.api.function.Executable call) {
    NDArray saved = targets.duplicate();
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start), message);
    targets = saved;
  }

  @Test
  void reportsRowsThatAreNotFinite() {
    HeadLoss loss = new HeadLoss(OPTIONS);
    hidden.set(new ai.djl.ndarray.index.NDIndex("1, 2, 3"), Float.NaN);
    NDArray value = loss.evaluate(new NDList(targets), new NDList(hidden, weight));
    assertTrue(Float.isNaN(value.getFloat()));
    assertEquals(1, loss.nonFiniteRows());
  }

  @Test
  void choosesTheNativeRungWhereItIsBuilt() {
    HeadLoss loss = new HeadLoss(OPTIONS);
    assertSame(Backends.chosen().kernels().backend(), loss.backend());
    if ("true".equals(System.getenv("CI"))) {
      assertEquals(Backend.NATIVE_CPU, loss.backend());
    }
  }

  @Test
  void aMaskedClassOfATrainedBiasTakesNoPart() {
    for (Delivery delivery : Delivery.values()) {
      try (HeadFixture f = new HeadFixture(5, 4, 9)) {
        f.ids[0] = 3;
        for (int i = 0; i < 5; i++) {
          f.ids[i] = f.ids[i] == 4 ? 5 : f.ids[i];
        }
        HeadLoss loss = new HeadLoss(f.options().withDelivery(delivery));
        float[] bias = f.bias.toFloatArray();
        HeadFixture.Outcome[] outcomes = new HeadFixture.Outcome[2];
        float[] masks = {-1e30f, Float.NEGATIVE_INFINITY};
        for (int k = 0; k < 2; k++) {
          bias[4] = masks[k];
          RowLossSamples.set(f.bias, bias);
          outcomes[k] = f.run(loss, f.targets(), f.predictions());
        }
        assertArrayEquals(outcomes[0].loss(), outcomes[1].loss(), "" + delivery);
        assertArrayEquals(outcomes[0].dE(), outcomes[1].dE(), "" + delivery);
        assertArrayEquals(outcomes[0].dC(), outcomes[1].dC(), "" + delivery);
        assertArrayEquals(outcomes[0].dB(), outcomes[1].dB(), "" + delivery);
      }
    }
  }
}
