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
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.EasyTrain;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.dataset.ArrayDataset;
import ai.djl.training.listener.EvaluatorTrainingListener;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Holds the loss against plain DJL operations, in DJL's own autograd and training loop. */
class DistillationLossTest {
  private static final int ROWS = 12;
  private static final int WIDTH = 6;
  private static final int CLASSES = 40;
  private static final int TEACHER_WIDTH = 10;

  private HeadFixture student;
  private HeadFixture teacher;
  private NDArray teacherHidden;

  @BeforeEach
  void open() {
    student = new HeadFixture(ROWS, WIDTH, CLASSES);
    teacher = new HeadFixture(ROWS, TEACHER_WIDTH, CLASSES);
    teacherHidden = teacher.hidden.duplicate().stopGradient();
  }

  @AfterEach
  void close() {
    student.close();
    teacher.close();
  }

  private NDList labels(float[] weights) {
    long[] ids = student.ids.clone();
    ids[2] = -100;
    ids[7] = -100;
    NDList labels = new NDList(student.manager.create(ids), teacherHidden);
    if (weights != null) {
      labels.add(student.manager.create(weights));
    }
    return labels;
  }

  private DistillationLoss loss(HeadOptions options, Distillation how, Backend backend) {
    NDArray weight = teacher.weight.stopGradient();
    return new DistillationLoss(options, weight, teacher.bias.stopGradient(), how, backend);
  }

  /** The same by logits, softmax and autograd: one value a row, unscaled. */
  private NDArray plain(Distillation how) {
    float tau = (float) how.temperature();
    NDArray x = logits(student.hidden, student.weight, student.bias).div(tau).logSoftmax(1);
    NDArray y = logits(teacher.hidden, teacher.weight, teacher.bias).div(tau).logSoftmax(1);
    y = y.stopGradient();
    NDArray p = x.exp();
    NDArray q = y.exp();
    NDArray terms =
        switch (how.divergence()) {
          case FORWARD_KL -> q.mul(y.sub(x));
          case REVERSE_KL -> p.mul(x.sub(y));
          case JENSEN_SHANNON -> {
            float beta = (float) how.beta();
            NDArray m = q.mul(beta).add(p.mul(1 - beta)).log();
            yield q.mul(y.sub(m)).mul(beta).add(p.mul(x.sub(m)).mul(1 - beta));
          }
          case SYMMETRIC_CROSS_ENTROPY -> q.mul(x).add(p.mul(y)).neg();
          case INNER_PRODUCT, EXPECTED_LOGIT ->
              throw new IllegalArgumentException("not a sum over classes");
        };
    NDArray value = terms.sum(new int[] {1});
    return how.temperatureSquared() ? value.mul(tau * tau) : value;
  }

  private static NDArray logits(NDArray e, NDArray c, NDArray b) {
    return e.matMul(c.transpose()).add(b);
  }

  private HeadFixture.Outcome run(DistillationLoss loss, Supplier<NDArray> root) {
    try (GradientCollector collector = student.manager.getEngine().newGradientCollector()) {
      NDArray value = root.get();
      collector.backward(value.sum());
      if (loss != null) {
        loss.finishBackward();
      }
      return new HeadFixture.Outcome(
          value.toFloatArray(), take(student.hidden), take(student.weight), take(student.bias));
    }
  }

  private static float[] take(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      float[] values = gradient.toFloatArray();
      gradient.subi(gradient.duplicate());
      return values;
    }
  }

  private static void same(HeadFixture.Outcome expected, HeadFixture.Outcome actual, String what) {
    assertArrayEquals(expected.loss(), actual.loss(), 2e-5f, what + " loss");
    assertArrayEquals(expected.dE(), actual.dE(), 2e-5f, what + " dE");
    assertArrayEquals(expected.dC(), actual.dC(), 2e-5f, what + " dC");
    assertArrayEquals(expected.dB(), actual.dB(), 2e-5f, what + " dB");
  }

  private static Distillation[] kinds() {
    return new Distillation[] {
      Distillation.forwardKl().withTemperature(2, true),
      Distillation.reverseKl().withTemperature(0.5, false),
      Distillation.jensenShannon(0.3),
      Distillation.symmetricCrossEntropy()
    };
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void isTheMeanOfThePlainComputationAndItsGradients(Backend backend) {
    float[] weights = student.random(3);
    NDArray scales = student.manager.create(scales(weights));
    for (Distillation how : kinds()) {
      HeadFixture.Outcome expected = run(null, () -> plain(how).mul(scales).sum());
      for (Delivery delivery : Delivery.values()) {
        HeadOptions options = student.options().withDelivery(delivery);
        DistillationLoss loss = loss(options, how, backend);
        NDList labels = labels(weights);
        HeadFixture.Outcome actual = run(loss, () -> loss.evaluate(labels, student.predictions()));
        same(expected, actual, how + " " + delivery + " " + backend);
        assertEquals(0, loss.nonFiniteRows());
        assertEquals(0, loss.divergences()[2], "an ignored row");
      }
    }
  }

  /** Token weights over their sum; 0 on ignored rows. */
  private static float[] scales(float[] weights) {
    float[] scales = weights.clone();
    scales[2] = 0;
    scales[7] = 0;
    double sum = 0;
    for (float scale : scales) {
      sum += scale;
    }
    for (int i = 0; i < scales.length; i++) {
      scales[i] /= (float) sum;
    }
    return scales;
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void honoursTheUpstreamGradientOfEachRow(Backend backend) {
    float[] ones = new float[ROWS];
    Arrays.fill(ones, 1);
    ones[2] = 0;
    ones[7] = 0;
    NDArray kept = student.manager.create(ones);
    NDArray upstream = student.manager.create(student.random(8)).sub(0.5f);
    for (Distillation how : kinds()) {
      HeadFixture.Outcome expected = run(null, () -> plain(how).mul(kept).mul(upstream));
      DistillationLoss loss = loss(student.options().withReduction(Reduction.NONE), how, backend);
      NDList labels = labels(null);
      HeadFixture.Outcome actual =
          run(loss, () -> loss.evaluate(labels, student.predictions()).mul(upstream));
      same(expected, actual, how + " " + backend);
    }
  }

  @Test
  void addsTheCrossEntropyOfTheTargets() {
    Distillation how = Distillation.forwardKl().withTemperature(2, true);
    HeadOptions options = student.options().withLabelSmoothing(0.1);
    HeadLoss hard = new HeadLoss(options);
    DistillationLoss soft = loss(options, how, Backend.NATIVE_CPU);
    DistillationLoss both = loss(options, how.withCrossEntropy(0.25), Backend.NATIVE_CPU);
    NDList labels = labels(student.random(4));
    NDList targets = new NDList(labels.get(0), labels.get(2));
    NDArray quarter = student.manager.create(0.25f);
    NDArray rest = student.manager.create(0.75f);
    HeadFixture.Outcome expected =
        run(
            soft,
            () ->
                hard.evaluate(targets, student.predictions())
                    .mul(quarter)
                    .add(soft.evaluate(labels, student.predictions()).mul(rest)));
    same(expected, run(both, () -> both.evaluate(labels, student.predictions())), "both");
  }

  @Test
  void isTheNonTargetPartOfNormalisedDistillation() {
    // Yang et al. 2023: softmaxes over all classes but the target, at a temperature
    Distillation how = Distillation.forwardKl().withTemperature(3, true).withoutTarget(true);
    HeadOptions options = student.options().withReduction(Reduction.NONE);
    DistillationLoss loss = loss(options, how, Backend.NATIVE_CPU);
    float[] actual = loss.evaluate(labels(null), student.predictions()).toFloatArray();
    NDArray x = logits(student.hidden, student.weight, student.bias).stopGradient().div(3);
    NDArray y = logits(teacher.hidden, teacher.weight, teacher.bias).stopGradient().div(3);
    for (int i = 0; i < ROWS; i++) {
      int target = (int) student.ids[i];
      double expected = i == 2 || i == 7 ? 0 : 9 * kl(row(y, i, target), row(x, i, target));
      assertEquals(expected, actual[i], 3e-5, "row " + i);
    }
  }

  private static double[] row(NDArray z, int i, int without) {
    float[] logits = z.get(i).toFloatArray();
    double[] p = new double[logits.length];
    double sum = 0;
    for (int v = 0; v < p.length; v++) {
      p[v] = v == without ? 0 : Math.exp(logits[v]);
      sum += p[v];
    }
    for (int v = 0; v < p.length; v++) {
      p[v] /= sum;
    }
    return p;
  }

  private static double kl(double[] q, double[] p) {
    double sum = 0;
    for (int v = 0; v < q.length; v++) {
      sum += q[v] == 0 ? 0 : q[v] * Math.log(q[v] / p[v]);
    }
    return sum;
  }

  @Test
  void ignoresTheLastPositionOfEachSequenceUnderTheCausalShift() {
    HeadOptions options = student.options().withReduction(Reduction.NONE);
    Distillation how = Distillation.reverseKl().withoutTarget(true);
    DistillationLoss plain = loss(options, how, Backend.NATIVE_CPU);
    DistillationLoss shifted = loss(options.withCausalShift(true), how, Backend.NATIVE_CPU);
    long[] next = new long[ROWS];
    for (int i = 0; i < ROWS; i++) {
      next[i] = i % 4 == 3 ? -100 : student.ids[i + 1];
    }
    NDManager manager = student.manager;
    NDList labels = new NDList(manager.create(next), teacherHidden);
    NDList sequences =
        new NDList(
            manager.create(student.ids, new Shape(3, 4)),
            teacherHidden.reshape(3, 4, TEACHER_WIDTH));
    NDList predictions =
        new NDList(student.hidden.reshape(3, 4, WIDTH), student.weight, student.bias);
    assertArrayEquals(
        plain.evaluate(labels, student.predictions()).toFloatArray(),
        shifted.evaluate(sequences, predictions).toFloatArray());
  }

  @Test
  void leavesFrozenHiddenStatesOrAFrozenClassifierAlone() {
    Distillation how = Distillation.jensenShannon(0.5);
    DistillationLoss loss = loss(student.options(), how, Backend.NATIVE_CPU);
    HeadFixture.Outcome all = run(loss, () -> loss.evaluate(labels(null), student.predictions()));
    NDList frozenE = student.predictions();
    frozenE.set(0, student.hidden.stopGradient());
    HeadFixture.Outcome parameters = run(loss, () -> loss.evaluate(labels(null), frozenE));
    assertArrayEquals(all.dC(), parameters.dC(), 1e-6f);
    assertArrayEquals(new float[ROWS * WIDTH], parameters.dE());
    NDList frozenC =
        new NDList(student.hidden, student.weight.stopGradient(), student.bias.stopGradient());
    HeadFixture.Outcome hidden = run(loss, () -> loss.evaluate(labels(null), frozenC));
    assertArrayEquals(all.dE(), hidden.dE(), 1e-6f);
    assertArrayEquals(new float[CLASSES * WIDTH], hidden.dC());
  }

  @Test
  void formsNoGradientsOutsideOfTrainingAndNoValueTwice() {
    DistillationLoss loss =
        loss(
            student.options().withDelivery(Delivery.FUSED),
            Distillation.forwardKl(),
            Backend.NATIVE_CPU);
    NDList labels = labels(null);
    NDList predictions = student.predictions();
    float first = loss.evaluate(labels, predictions).getFloat();
    assertEquals(first, loss.evaluate(labels, predictions).getFloat());
    NDArray weight = student.weight.stopGradient();
    weight.addi(1);
    weight.get("0").addi(3);
    assertTrue(first != loss.evaluate(labels, predictions).getFloat(), "an update is seen");
  }

  @Test
  void keepsEveryArrayOfATrainingStepInItsManager() {
    DistillationLoss loss =
        loss(
            student.options().withReduction(Reduction.NONE),
            Distillation.jensenShannon(0.5),
            Backend.PORTABLE);
    NDArray weight = teacher.weight.stopGradient();
    run(loss, () -> loss.evaluate(labels(null), student.predictions()));
    int before = student.manager.getManagedArrays().size();
    int teachers = teacher.manager.getManagedArrays().size();
    try (NDManager step = student.manager.newSubManager()) {
      NDArray hidden = step.create(student.hidden.toFloatArray(), student.hidden.getShape());
      NDList labels = new NDList(step.create(student.ids), step.create(teacherHidden.getShape()));
      try (GradientCollector collector = step.getEngine().newGradientCollector()) {
        NDArray value =
            loss.evaluate(labels, new NDList(hidden, student.weight, student.bias)).sum();
        collector.backward(value);
        loss.finishBackward();
      }
    }
    assertEquals(before, student.manager.getManagedArrays().size(), "arrays of the student");
    assertEquals(teachers, teacher.manager.getManagedArrays().size(), "arrays of the teacher");
    weight.close();
  }

  @Test
  void lowersTheKlInThirtyStepsOfDjlsLoop() throws Exception {
    try (Model model = Model.newInstance("distilled");
        NDManager manager = NDManager.newBaseManager()) {
      int classes = 500;
      VocabularyHead own = new VocabularyHead(HeadOptions.of(classes, 8).withBias(true));
      VocabularyHead its = new VocabularyHead(HeadOptions.of(classes + 12, 20));
      its.initialize(manager, DataType.FLOAT32, new Shape(16, 20));
      its.weight().getArray().muli(60);
      Random random = new Random(9);
      float[] inputs = new float[80 * 20];
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = (float) random.nextGaussian();
      }
      NDArray x = manager.create(inputs, new Shape(80, 20));
      ArrayDataset data =
          new ArrayDataset.Builder()
              .setData(x)
              .optLabels(manager.create(new long[80]), x)
              .setSampling(16, false)
              .build();
      DistillationLoss loss = new DistillationLoss(own, its, Distillation.forwardKl());
      manager.getEngine().setRandomSeed(4);
      model.setBlock(new SequentialBlock().add(Linear.builder().setUnits(8).build()).add(own));
      DefaultTrainingConfig config =
          new DefaultTrainingConfig(loss)
              .optOptimizer(Optimizer.adam().optLearningRateTracker(Tracker.fixed(0.05f)).build())
              .addTrainingListeners(loss.listener(), new EvaluatorTrainingListener());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(16, 20));
        EasyTrain.fit(trainer, 1, data, null);
        float first = trainer.getTrainingResult().getTrainLoss();
        EasyTrain.fit(trainer, 5, data, null);
        float last = trainer.getTrainingResult().getTrainLoss();
        assertTrue(last < 0.6 * first, "KL " + first + " and after 30 steps " + last);
      }
    }
  }

  @Test
  void leavesNothingBehindWhereTheWorkspaceIsTooSmall() {
    HeadOptions small = student.options().withWorkspaceBytes(1);
    DistillationLoss loss = loss(small, Distillation.forwardKl(), Backend.NATIVE_CPU);
    NDList labels = labels(null);
    int before = student.manager.getManagedArrays().size();
    try (GradientCollector collector = student.manager.getEngine().newGradientCollector()) {
      assertTrue(collector != null, "gradients are recorded");
      refuses(
          "workspace bytes: 1 (expected: at least ",
          () -> loss.evaluate(labels, student.predictions()));
    }
    assertEquals(before, student.manager.getManagedArrays().size());
  }

  @Test
  void saysWhatIsWrongAndWhatWouldBeRight() {
    HeadOptions options = student.options();
    Distillation how = Distillation.forwardKl();
    refuses("temperature: 0.0 (expected: a positive number)", () -> how.withTemperature(0, false));
    refuses("crossEntropy: 1.5 (expected: in [0, 1])", () -> how.withCrossEntropy(1.5));
    refuses(
        "delivery: FUSED with a cross-entropy share of 0.5 (expected: AUTOGRAD",
        () ->
            loss(
                options.withDelivery(Delivery.FUSED), how.withCrossEntropy(0.5), Backend.PORTABLE));
    refuses(
        "softTargets: 2 (expected: 0",
        () -> loss(options.withSoftTargets(2), how, Backend.PORTABLE));
    refuses(
        "filter: ",
        () -> loss(options.withFilter(GradientFilter.below(0.001)), how, Backend.PORTABLE));
    refuses(
        "stableMax: true (expected: false",
        () -> loss(options.withStableMax(true), how, Backend.PORTABLE));
    DistillationLoss loss = loss(options, how, Backend.PORTABLE);
    refuses(
        "labels: 1 arrays (expected: targets, the teacher's hidden states",
        () -> loss.evaluate(student.targets(), student.predictions()));
    NDList narrow = new NDList(labels(null).get(0), student.hidden);
    refuses(
        "teacher hidden states: (12, 6) (expected: (12, 10)",
        () -> loss.evaluate(narrow, student.predictions()));
    assertThrows(IllegalStateException.class, loss::divergences);
    refuses(
        "compute: BFLOAT16 (expected: FLOAT32 on the PORTABLE backend",
        () ->
            loss(options.withCompute(ComputeType.BFLOAT16), how, Backend.PORTABLE)
                .evaluate(labels(null), student.predictions()));
  }

  private static void refuses(String text, Supplier<?> call) {
    String message = assertThrows(IllegalArgumentException.class, call::get).getMessage();
    assertTrue(message.startsWith(text), message);
  }
}
