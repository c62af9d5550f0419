package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadFixture.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What labels, weights, shifts and reductions mean. */
class HeadLossOptionsTest {
  private HeadFixture f;

  @BeforeEach
  void open() {
    f = new HeadFixture(12, 9, 70);
  }

  @AfterEach
  void close() {
    f.close();
  }

  private HeadOptions everything() {
    float[] weights = new float[70];
    for (int v = 0; v < 70; v++) {
      weights[v] = v % 5 * 0.5f;
    }
    return f.options()
        .withClassWeights(weights)
        .withLabelSmoothing(0.2)
        .withLogitScale(0.8)
        .withSoftCap(5)
        .withZLoss(0.03);
  }

  private static void near(Outcome expected, Outcome actual, double bound) {
    assertArrayEquals(expected.loss(), actual.loss(), (float) bound, "loss");
    assertArrayEquals(expected.dE(), actual.dE(), (float) bound, "dE");
    assertArrayEquals(expected.dC(), actual.dC(), (float) bound, "dC");
    assertArrayEquals(expected.dB(), actual.dB(), (float) bound, "dB");
  }

  private Outcome run(HeadOptions options, NDList labels) {
    return f.run(new HeadLoss(options), labels, f.predictions());
  }

  /**
   * Two rows of probabilities (1/6, 1/3, 1/2) and (.4, .1, .5) and an ignored one; weights (1, 2,
   * 4); smoothing .3: worked out by hand from PyTorch's definition of CrossEntropyLoss.
   */
  @Test
  void followsPyTorchForClassWeightsWithSmoothingAndIgnoredRows() {
    float[] logits = {
      0,
      (float) Math.log(2),
      (float) Math.log(3),
      7,
      8,
      9,
      (float) Math.log(4),
      0,
      (float) Math.log(5)
    };
    NDArray hidden = f.manager.create(logits, new Shape(3, 3));
    NDArray eye = f.manager.eye(3);
    NDList labels = new NDList(f.manager.create(new long[] {2, -100, 0}));
    HeadOptions options =
        HeadOptions.of(3, 3).withClassWeights(new float[] {1, 2, 4}).withLabelSmoothing(0.3);
    double[] expected = {0, 0, 0};
    // rows: 0.7 w_t nll + 0.1 sum_v w_v nll_v; the mean divides by w of the two targets, 4 + 1
    double first =
        0.7 * 4 * 0.693147180560 + 0.1 * (1.791759469228 + 2 * 1.098612288668 + 4 * 0.693147180560);
    double third =
        0.7 * 0.916290731874 + 0.1 * (0.916290731874 + 2 * 2.302585092994 + 4 * 0.693147180560);
    expected[0] = (first + third) / 5;
    expected[1] = first + third;
    for (Reduction reduction : List.of(Reduction.MEAN, Reduction.SUM)) {
      float value =
          new HeadLoss(options.withReduction(reduction))
              .evaluate(labels, new NDList(hidden, eye))
              .getFloat();
      assertEquals(expected[reduction.ordinal()], value, 2e-6, reduction.toString());
    }
    float[] rows =
        new HeadLoss(options.withReduction(Reduction.NONE))
            .evaluate(labels, new NDList(hidden, eye))
            .toFloatArray();
    assertArrayEquals(new float[] {(float) first, 0, (float) third}, rows, 2e-6f);
  }

  @Test
  void aTokenWeightCountsARowSoManyTimes() {
    float[] weights = new float[12];
    weights[2] = 2;
    weights[5] = 1;
    weights[7] = 3;
    int[] repeated = {2, 2, 5, 7, 7, 7};
    for (Reduction reduction : List.of(Reduction.MEAN, Reduction.SUM)) {
      HeadOptions options = everything().withReduction(reduction);
      Outcome weighted = run(options, f.targets(weights));
      long[] ids = Arrays.stream(repeated).mapToLong(i -> f.ids[i]).toArray();
      HeadLoss loss = new HeadLoss(options);
      Outcome counted =
          f.run(
              loss,
              () -> {
                NDList rows = new NDList();
                for (int i : repeated) {
                  rows.add(f.hidden.get(i + ":" + (i + 1)));
                }
                NDArray hidden = ai.djl.ndarray.NDArrays.concat(rows);
                return loss.evaluate(
                    new NDList(f.manager.create(ids)), new NDList(hidden, f.weight, f.bias));
              });
      near(counted, weighted, 2e-6 * (reduction == Reduction.SUM ? 20 : 1));
    }
  }

  @ParameterizedTest
  @EnumSource(Delivery.class)
  void holdsEachPositionAgainstTheNextToken(Delivery delivery) {
    long[] next = new long[12];
    float[] weights = f.random(1);
    float[] nextWeights = new float[12];
    for (int i = 0; i < 12; i++) {
      next[i] = i % 4 == 3 ? -100 : f.ids[i + 1];
      nextWeights[i] = i % 4 == 3 ? 0 : weights[i + 1];
    }
    HeadOptions options = everything().withDelivery(delivery);
    Outcome expected =
        run(options, new NDList(f.manager.create(next), f.manager.create(nextWeights)));
    Shape sequences = new Shape(3, 4);
    NDList labels =
        new NDList(
            f.manager.create(f.ids, sequences).toType(DataType.INT32, true),
            f.manager.create(weights, sequences));
    HeadLoss loss = new HeadLoss(options.withCausalShift(true));
    Outcome actual =
        f.run(
            loss,
            () -> loss.evaluate(labels, new NDList(f.hidden.reshape(3, 4, 9), f.weight, f.bias)));
    near(expected, actual, 0);
    assertEquals(-100, loss.output().targets()[3]);
  }

  @Test
  void softTargetsOfOneClassAreThatClass() {
    float[] ones = new float[24];
    long[] ids = new long[24];
    Arrays.fill(ids, -100);
    for (int i = 0; i < 12; i++) {
      ids[2 * i] = f.ids[i];
      ones[2 * i] = 1;
    }
    HeadOptions options = everything().withReduction(Reduction.SUM);
    NDList labels =
        new NDList(
            f.manager.create(ids, new Shape(12, 2)), f.manager.create(ones, new Shape(12, 2)));
    near(run(options, f.targets()), run(options.withSoftTargets(2), labels), 2e-5);
  }

  @Test
  void softTargetsShiftAndAreIgnoredWithTheirRows() {
    long[] ids = new long[24];
    float[] q = new float[24];
    for (int i = 0; i < 24; i++) {
      ids[i] = i / 2 == 5 ? -100 : (i * 31) % 70;
      q[i] = 0.3f * (i % 4) - 0.2f;
    }
    long[] next = new long[24];
    float[] nextQ = new float[24];
    Arrays.fill(next, -100);
    for (int i = 0; i < 12; i++) {
      if (i % 4 != 3) {
        System.arraycopy(ids, 2 * i + 2, next, 2 * i, 2);
        System.arraycopy(q, 2 * i + 2, nextQ, 2 * i, 2);
      }
    }
    HeadOptions options = everything().withSoftTargets(2);
    Shape pairs = new Shape(3, 4, 2);
    NDList shifted = new NDList(f.manager.create(ids, pairs), f.manager.create(q, pairs));
    NDList explicit = new NDList(f.manager.create(next, pairs), f.manager.create(nextQ, pairs));
    Outcome[] outcomes = new Outcome[2];
    for (int i = 0; i < 2; i++) {
      HeadLoss loss = new HeadLoss(options.withCausalShift(i == 0));
      NDList labels = i == 0 ? shifted : explicit;
      outcomes[i] =
          f.run(
              loss,
              () -> loss.evaluate(labels, new NDList(f.hidden.reshape(3, 4, 9), f.weight, f.bias)));
      assertEquals(8, loss.output().kept());
    }
    near(outcomes[1], outcomes[0], 0);
  }

  @Test
  void strictMeanOverNothingIsNan() {
    NDList ignored = new NDList(f.manager.full(new Shape(12), -100, DataType.INT64));
    assertArrayEquals(new float[] {0}, run(everything(), ignored).loss());
    Outcome strict = run(everything().withStrictMean(true), ignored);
    assertTrue(Float.isNaN(strict.loss()[0]));
    assertArrayEquals(new float[70 * 9], strict.dC());
    assertArrayEquals(new float[] {0}, run(everything(), f.targets(new float[12])).loss());
    near(run(everything(), f.targets()), run(everything().withStrictMean(true), f.targets()), 0);
  }

  /** Upstream gradients of the rows are token weights of the sum. */
  @Test
  void eachRowsLossHoldsAllParts() {
    float[] upstream = f.random(2);
    float[] weights = f.random(3);
    float[] both = new float[12];
    for (int i = 0; i < 12; i++) {
      both[i] = upstream[i] * weights[i];
    }
    HeadLoss rows = new HeadLoss(everything().withReduction(Reduction.NONE));
    NDArray factors = f.manager.create(upstream);
    Outcome actual =
        f.run(rows, () -> rows.evaluate(f.targets(weights), f.predictions()).mul(factors).sum());
    near(run(everything().withReduction(Reduction.SUM), f.targets(both)), actual, 2e-5);
  }

  @Test
  void takesFloat16AndComputesInFloat32() {
    NDArray hidden = f.hidden.toType(DataType.FLOAT16, true);
    NDArray weight = f.weight.toType(DataType.FLOAT16, true);
    NDArray bias = f.bias.toType(DataType.FLOAT16, true);
    for (NDArray array : List.of(f.hidden, f.weight, f.bias)) {
      try (NDArray rounded = array.toType(DataType.FLOAT16, true).toType(DataType.FLOAT32, true)) {
        array.set(rounded.toFloatArray());
      }
    }
    for (Reduction reduction : List.of(Reduction.MEAN, Reduction.NONE)) {
      HeadOptions options = everything().withReduction(reduction);
      Outcome expected = run(options, f.targets());
      for (NDArray array : List.of(hidden, weight, bias)) {
        array.setRequiresGradient(true);
      }
      HeadLoss loss = new HeadLoss(options);
      f.run(
          loss,
          () -> {
            NDArray value = loss.evaluate(f.targets(), new NDList(hidden, weight, bias));
            assertEquals(DataType.FLOAT32, value.getDataType());
            assertArrayEquals(expected.loss(), value.toFloatArray(), 2e-6f);
            return value;
          });
      float[][] gradients = {expected.dE(), expected.dC(), expected.dB()};
      int next = 0;
      for (NDArray array : List.of(hidden, weight, bias)) {
        try (NDArray gradient = array.getGradient()) {
          float[] actual = gradient.toType(DataType.FLOAT32, true).toFloatArray();
          assertArrayEquals(gradients[next++], actual, 2e-3f);
          gradient.subi(gradient.duplicate());
        }
      }
    }
  }

  @Test
  void takesHiddenStatesThatDoNotLieInRows() {
    Outcome expected = run(everything(), f.targets());
    HeadLoss loss = new HeadLoss(everything());
    NDArray transposed = f.hidden.transpose().duplicate();
    Outcome actual =
        f.run(
            loss,
            () ->
                loss.evaluate(
                    f.targets(),
                    new NDList(f.hidden.add(0).transpose().add(0).transpose(), f.weight, f.bias)));
    near(expected, actual, 1e-6);
    float value =
        loss.evaluate(f.targets(), new NDList(transposed.transpose(), f.weight, f.bias)).getFloat();
    assertEquals(expected.loss()[0], value, 1e-6);
    NDArray wide = ai.djl.ndarray.NDArrays.concat(new NDList(f.hidden, f.hidden), 1);
    value = loss.evaluate(f.targets(), new NDList(wide.get(":, 9:"), f.weight, f.bias)).getFloat();
    assertEquals(expected.loss()[0], value, 1e-6);
  }
}
