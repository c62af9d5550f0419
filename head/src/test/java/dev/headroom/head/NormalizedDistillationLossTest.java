package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.DivergenceProblem;
import dev.headroom.head.internal.ErrorBudget;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Normalised distillation against all N x V probabilities in float64. */
class NormalizedDistillationLossTest {
  private static final int ROWS = 6;
  private static final int CLASSES = 11;
  private static final int TEACHER_WIDTH = 5;
  private static final double TAU = 2.5;
  private static final double GAMMA = 1.5;
  private static final double ALPHA = 0.4;

  private HeadFixture student;
  private HeadFixture teacher;
  private HeadOptions its;

  @BeforeEach
  void open() {
    student = new HeadFixture(ROWS, 4, CLASSES);
    teacher = new HeadFixture(ROWS, TEACHER_WIDTH, CLASSES);
    student.ids[1] = -100;
    student.ids[5] = -100;
    System.arraycopy(student.ids, 0, teacher.ids, 0, ROWS);
    its = teacher.options().withLogitScale(0.8);
  }

  @AfterEach
  void close() {
    student.close();
    teacher.close();
  }

  private NormalizedDistillationLoss loss(HeadOptions options, Backend backend) {
    // its arrays want gradients, as those of a head in training do, and are to get none
    Supplier<DivergenceProblem.Teacher> supplier =
        () -> new DivergenceProblem.Teacher(teacher.weight, teacher.bias, its);
    Distillation how = Distillation.forwardKl().withTemperature(TAU, true);
    return new NormalizedDistillationLoss(options, supplier, how, GAMMA, ALPHA, backend);
  }

  private NDList labels(float[] weights) {
    NDList labels = new NDList(student.targets().head(), teacher.hidden);
    if (weights != null) {
      labels.add(student.manager.create(weights));
    }
    return labels;
  }

  /** Softmax over all classes but the target, of logits over tau. */
  private static double[] others(Row row) {
    double[] p = new double[CLASSES];
    double sum = 0;
    for (int v = 0; v < CLASSES; v++) {
      p[v] = v == row.target() ? 0 : Math.exp(row.z()[v] / TAU);
      sum += p[v];
    }
    for (int v = 0; v < CLASSES; v++) {
      p[v] /= sum;
    }
    return p;
  }

  private ToDoubleFunction<List<Row>> truth(double[] scales) {
    List<Row> given = new RowTruth(teacher, its).rows();
    return rows -> {
      double total = 0;
      for (int i = 0; i < rows.size(); i++) {
        Row row = rows.get(i);
        double[] q = others(given.get(i));
        double[] p = others(row);
        double kl = 0;
        for (int v = 0; v < CLASSES; v++) {
          kl += q[v] == 0 ? 0 : q[v] * Math.log(q[v] / p[v]);
        }
        double share = ALPHA + Math.exp(-given.get(i).nll());
        total += scales[row.index()] * (share * row.nll() + GAMMA * TAU * TAU * kl);
      }
      return total;
    };
  }

  private Outcome run(Supplier<NDArray> root, NormalizedDistillationLoss loss) {
    HeadLoss plain = new HeadLoss(student.options());
    Outcome outcome = student.run(plain, root);
    loss.finishBackward();
    return outcome;
  }

  private double[] scales(float[] weights, boolean mean) {
    double sum = 0;
    double[] scales = new double[ROWS];
    for (int i = 0; i < ROWS; i++) {
      scales[i] = student.ids[i] < 0 ? 0 : weights[i];
      sum += scales[i];
    }
    for (int i = 0; mean && i < ROWS; i++) {
      scales[i] /= sum;
    }
    return scales;
  }

  private void check(String what, ToDoubleFunction<List<Row>> expected, Outcome actual) {
    RowTruth truth = new RowTruth(student, student.options());
    double sum = 0;
    for (float row : actual.loss()) {
      sum += row;
    }
    assertEquals(expected.applyAsDouble(truth.rows()), sum, 2e-5, what);
    truth.check(what, expected, actual, ErrorBudget.GRADIENT_FLOAT32);
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void isTheWeightedTargetAndTheOtherClasses(Backend backend) {
    float[] weights = student.random(3);
    for (Reduction reduction : List.of(Reduction.MEAN, Reduction.SUM)) {
      for (Delivery delivery : Delivery.values()) {
        HeadOptions options =
            student
                .options()
                .withDelivery(delivery)
                .withReduction(reduction)
                .withClassWeights(ReweightingTest.weights(CLASSES))
                .withZLoss(0.3);
        NormalizedDistillationLoss loss = loss(options, backend);
        NDList labels = labels(weights);
        Outcome actual = run(() -> loss.evaluate(labels, student.predictions()), loss);
        double[] scales = scales(weights, reduction == Reduction.MEAN);
        check(backend + " " + reduction + " " + delivery, truth(scales), actual);
        assertEquals(0, loss.nonFiniteRows());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void honoursTheUpstreamGradientOfEachRow(Backend backend) {
    float[] upstream = student.random(8);
    for (int i = 0; i < ROWS; i++) {
      upstream[i] -= 0.5f;
    }
    NDArray above = student.manager.create(upstream);
    NormalizedDistillationLoss loss =
        loss(student.options().withReduction(Reduction.NONE), backend);
    NDList labels = labels(null);
    try (GradientCollector collector = student.manager.getEngine().newGradientCollector()) {
      NDArray value = loss.evaluate(labels, student.predictions()).mul(above);
      collector.backward(value.sum());
      loss.finishBackward();
      Outcome actual =
          new Outcome(
              value.toFloatArray(),
              student.hidden.getGradient().toFloatArray(),
              student.weight.getGradient().toFloatArray(),
              student.bias.getGradient().toFloatArray());
      check("rows " + backend, truth(scales(upstream, false)), actual);
    }
  }

  @Test
  void givesTheTeacherNoGradient() {
    NormalizedDistillationLoss loss = loss(student.options(), null);
    run(() -> loss.evaluate(labels(null), student.predictions()), loss);
    for (NDArray array : teacher.predictions()) {
      try (NDArray gradient = array.getGradient()) {
        assertTrue(gradient == null || gradient.abs().sum().getFloat() == 0);
      }
    }
  }

  @Test
  void alignsPositionsWithTheNextTokenUnderTheCausalShift() {
    float[] weights = student.random(6);
    long[] ids = {1, 2, 3, 4, 5, 6};
    long[] next = {2, 3, -100, 5, 6, -100};
    NDManager manager = student.manager;
    // weights go with the token, as the head's own loss has them
    float[] moved = {weights[1], weights[2], 0, weights[4], weights[5], 0};
    HeadOptions options = student.options();
    NDList plain = new NDList(manager.create(next), teacher.hidden, manager.create(moved));
    NDList sequences =
        new NDList(
            manager.create(ids, new Shape(2, 3)),
            teacher.hidden.reshape(2, 3, TEACHER_WIDTH),
            manager.create(weights, new Shape(2, 3)));
    float expected = loss(options, null).evaluate(plain, student.predictions()).getFloat();
    float head =
        new HeadLoss(options)
            .evaluate(new NDList(plain.get(0), plain.get(2)), student.predictions())
            .getFloat();
    HeadOptions shifted = options.withCausalShift(true);
    float headShifted =
        new HeadLoss(shifted)
            .evaluate(new NDList(sequences.get(0), sequences.get(2)), student.predictions(2, 3))
            .getFloat();
    float actual = loss(shifted, null).evaluate(sequences, student.predictions(2, 3)).getFloat();
    assertEquals(head, headShifted, 1e-5);
    assertEquals(expected, actual, 1e-5);
  }

  @Test
  void staysFiniteAtExtremesAndTellsOfNaN() {
    float[] hidden = student.hidden.toFloatArray();
    for (int k = 0; k < hidden.length; k++) {
      hidden[k] *= 3e3f;
    }
    RowLossSamples.set(student.hidden, hidden);
    NormalizedDistillationLoss loss = loss(student.options(), null);
    Outcome far = run(() -> loss.evaluate(labels(null), student.predictions()), loss);
    assertTrue(Float.isFinite(far.loss()[0]), "loss " + far.loss()[0]);
    for (float slope : far.dC()) {
      assertTrue(Float.isFinite(slope), Arrays.toString(far.dC()));
    }
    hidden[0] = Float.NaN;
    RowLossSamples.set(student.hidden, hidden);
    assertTrue(Float.isNaN(loss.evaluate(labels(null), student.predictions()).getFloat()));
    assertEquals(2, loss.nonFiniteRows());
    Arrays.fill(student.ids, -100);
    RowLossSamples.set(student.hidden, new float[hidden.length]);
    Outcome none = run(() -> loss.evaluate(labels(null), student.predictions()), loss);
    assertArrayEquals(new float[] {0}, none.loss());
    assertArrayEquals(new float[far.dC().length], none.dC());
  }

  @Test
  void keepsEveryArrayOfAStepInItsManager() {
    NormalizedDistillationLoss loss = loss(student.options(), null);
    run(() -> loss.evaluate(labels(null), student.predictions()), loss);
    int before = student.manager.getManagedArrays().size();
    int teachers = teacher.manager.getManagedArrays().size();
    try (NDManager step = student.manager.newSubManager()) {
      NDArray hidden = step.create(student.hidden.toFloatArray(), student.hidden.getShape());
      hidden.setRequiresGradient(true);
      NDList labels = new NDList(step.create(student.ids), teacher.hidden);
      try (GradientCollector collector = step.getEngine().newGradientCollector()) {
        collector.backward(loss.evaluate(labels, new NDList(hidden, student.weight, student.bias)));
        loss.finishBackward();
      }
    }
    assertEquals(before, student.manager.getManagedArrays().size(), "arrays of the student");
    assertEquals(teachers, teacher.manager.getManagedArrays().size(), "arrays of the teacher");
  }

  @Test
  void takesATeacherThatIsInitialisedLater() {
    VocabularyHead own = new VocabularyHead(HeadOptions.of(CLASSES, 4));
    VocabularyHead late = new VocabularyHead(HeadOptions.of(CLASSES, TEACHER_WIDTH));
    NormalizedDistillationLoss loss = new NormalizedDistillationLoss(own, late, 1, 1.5, 1);
    late.initialize(student.manager, DataType.FLOAT32, new Shape(ROWS, TEACHER_WIDTH));
    NDList predictions = new NDList(student.hidden, student.weight);
    assertTrue(loss.evaluate(labels(null), predictions).getFloat() > 0);
    VocabularyHead larger = new VocabularyHead(HeadOptions.of(CLASSES + 1, TEACHER_WIDTH));
    larger.initialize(student.manager, DataType.FLOAT32, new Shape(ROWS, TEACHER_WIDTH));
    NormalizedDistillationLoss wrong = new NormalizedDistillationLoss(own, larger, 1, 1.5, 1);
    refused("teacher classes: 12 (", () -> wrong.evaluate(labels(null), predictions));
  }

  @Test
  void namesWhatIsWrong() {
    VocabularyHead head = new VocabularyHead(student.options());
    refused("gamma: 0.0", () -> new NormalizedDistillationLoss(head, head, 1, 0, 1));
    refused("alpha: -1.0", () -> new NormalizedDistillationLoss(head, head, 1, 1, -1));
    refused("temperature: 0.0", () -> new NormalizedDistillationLoss(head, head, 0, 1, 1));
    NormalizedDistillationLoss loss = loss(student.options(), null);
    refused("labels: 1 arrays", () -> loss.evaluate(student.targets(), student.predictions()));
  }

  private static void refused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains("(expected: "), message);
  }
}
