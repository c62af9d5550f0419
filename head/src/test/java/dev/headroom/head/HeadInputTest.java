package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is wrong with an input is named, on every rung, and the next call works. */
class HeadInputTest {
  private HeadFixture f;

  @BeforeEach
  void open() {
    f = new HeadFixture(6, 4, 30);
  }

  @AfterEach
  void close() {
    f.close();
  }

  private static void refuses(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  private void refuses(String start, HeadOptions options, Backend backend, NDList labels) {
    refuses(start, () -> new HeadLoss(options, backend).evaluate(labels, f.predictions()));
  }

  private NDArray longs(long... values) {
    return f.manager.create(values);
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void namesTargetsOutsideTheClasses(Backend backend) {
    HeadOptions o = f.options();
    for (long bad : new long[] {30, -1, Long.MIN_VALUE}) {
      refuses(
          "target of row 2: " + bad + " (expected: 0 to 29, or the ignore index -100)",
          o,
          backend,
          new NDList(longs(0, 1, bad, 3, 4, 5)));
    }
    NDArray narrow = longs(0, 1, 2, 3, 4, 31).toType(DataType.INT32, true);
    refuses("target of row 5: 31 (expected: 0 to 29", o, backend, new NDList(narrow));
    HeadOptions soft = o.withSoftTargets(2);
    NDArray ids = f.manager.full(new Shape(6, 2), 30, DataType.INT64);
    NDArray q = f.manager.ones(new Shape(6, 2));
    refuses("soft target of row 0: 30 (expected: 0 to 29", soft, backend, new NDList(ids, q));
    NDArray good = f.manager.zeros(new Shape(6, 2), DataType.INT64);
    q.set(new ai.djl.ndarray.index.NDIndex("4, 1"), Float.NaN);
    refuses(
        "weight of a soft target of row 4: NaN (expected: a finite number)",
        soft,
        backend,
        new NDList(good, q));
    float value = new HeadLoss(o, backend).evaluate(f.targets(), f.predictions()).getFloat();
    assertTrue(Float.isFinite(value), "the next call");
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void namesTokenWeightsThatAreNoWeights(Backend backend) {
    for (float bad : new float[] {-0.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] weights = {1, 1, 1, bad, 1, 1};
      refuses(
          "token weight of row 3: " + bad + " (expected: 0 or a positive number)",
          f.options(),
          backend,
          f.targets(weights));
      f.ids[3] = -100;
      float value =
          new HeadLoss(f.options(), backend)
              .evaluate(f.targets(weights), f.predictions())
              .getFloat();
      assertTrue(Float.isFinite(value), "the weight of an ignored row");
      f.ids[3] = 0;
    }
    refuses(
        "token weights: int64 (expected: FLOAT32)",
        f.options(),
        backend,
        new NDList(longs(f.ids), longs(f.ids)));
    refuses(
        "token weights: (5) (expected: (6), one for each row of the hidden states (6, 4))",
        f.options(),
        backend,
        new NDList(longs(f.ids), f.manager.ones(new Shape(5))));
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void namesArraysOfAnotherKind(Backend backend) {
    HeadLoss loss = new HeadLoss(f.options(), backend);
    NDArray wrong = f.manager.zeros(new Shape(6, 4), DataType.FLOAT64);
    refuses(
        "hidden states: float64 (expected: FLOAT32 or FLOAT16; bfloat16 is a compute type",
        () -> loss.evaluate(f.targets(), new NDList(wrong, f.weight, f.bias)));
    refuses(
        "classifier: int32 (expected: FLOAT32 or FLOAT16",
        () ->
            loss.evaluate(
                f.targets(),
                new NDList(f.hidden, f.manager.zeros(new Shape(30, 4), DataType.INT32), f.bias)));
    refuses(
        "classifier: (30, 5) (expected: (30, 4))",
        () ->
            loss.evaluate(
                f.targets(), new NDList(f.hidden, f.manager.zeros(new Shape(30, 5)), f.bias)));
    refuses(
        "bias: (29) (expected: (30))",
        () ->
            loss.evaluate(
                f.targets(), new NDList(f.hidden, f.weight, f.manager.zeros(new Shape(29)))));
    refuses(
        "predictions: 2 arrays (expected: 3, as VocabularyHead returns them: hidden, weight, bias)",
        () -> loss.evaluate(f.targets(), new NDList(f.hidden, f.weight)));
    refuses(
        "labels: 3 arrays (expected: the targets and, at most, token weights)",
        () -> loss.evaluate(new NDList(longs(f.ids), longs(f.ids), longs(f.ids)), f.predictions()));
    refuses(
        "labels: 1 arrays (expected: ids and weights of soft targets and, at most, token weights)",
        f.options().withSoftTargets(1),
        backend,
        f.targets());
    refuses(
        "hidden states: (6, 4) (expected: [B, T, 4], sequences whose positions are shifted)",
        f.options().withCausalShift(true),
        backend,
        f.targets());
    for (int closed = 0; closed < 3; closed++) {
      NDList predictions = f.predictions();
      NDArray copy = predictions.get(closed).duplicate();
      copy.close();
      predictions.set(closed, copy);
      String message =
          assertThrows(IllegalStateException.class, () -> loss.evaluate(f.targets(), predictions))
              .getMessage();
      assertTrue(message.contains(": closed (expected: an open array"), message);
    }
    assertTrue(Float.isFinite(loss.evaluate(f.targets(), f.predictions()).getFloat()));
  }

  @ParameterizedTest
  @EnumSource(names = {"PORTABLE", "REFERENCE"})
  void neitherRungGuessesAtBfloat16(Backend backend) {
    HeadOptions options = f.options().withCompute(ComputeType.BFLOAT16);
    if (backend == Backend.PORTABLE) {
      refuses(
          "compute: BFLOAT16 (expected: FLOAT32 on the PORTABLE backend",
          options,
          backend,
          f.targets());
    } else {
      float exact =
          new HeadLoss(f.options(), backend).evaluate(f.targets(), f.predictions()).getFloat();
      float same = new HeadLoss(options, backend).evaluate(f.targets(), f.predictions()).getFloat();
      assertEquals(exact, same, "the reference is float64 whatever is asked for");
    }
  }

  /** DJL's binding ends the JVM over bfloat16 arrays, so a stand-in tells its type and no more. */
  @Test
  void namesBfloat16ArraysBeforeTheEngineTouchesThem() {
    NDArray stub =
        (NDArray)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {NDArray.class},
                (proxy, method, args) ->
                    switch (method.getName()) {
                      case "isReleased" -> false;
                      case "getDataType" -> DataType.BFLOAT16;
                      default -> throw new AssertionError(method + " was called");
                    });
    HeadLoss loss = new HeadLoss(f.options());
    refuses(
        "hidden states: bfloat16 (expected: FLOAT32 or FLOAT16; bfloat16 is a compute type",
        () -> loss.evaluate(f.targets(), new NDList(stub, f.weight, f.bias)));
    refuses(
        "classifier: bfloat16 (expected: FLOAT32 or FLOAT16",
        () -> loss.evaluate(f.targets(), new NDList(f.hidden, stub, f.bias)));
    refuses(
        "bias: bfloat16 (expected: FLOAT32 or FLOAT16",
        () -> loss.evaluate(f.targets(), new NDList(f.hidden, f.weight, stub)));
  }

  @Test
  void refusesFusedDeliveryIntoFloat16() {
    NDArray half = f.weight.toType(DataType.FLOAT16, true);
    HeadLoss loss = new HeadLoss(f.options().withDelivery(Delivery.FUSED));
    refuses(
        "delivery: FUSED with a float16 classifier (expected: AUTOGRAD",
        () -> loss.evaluate(f.targets(), new NDList(f.hidden, half, f.bias)));
  }

  @Test
  void namesOptionsThatAreNone() {
    HeadOptions o = HeadOptions.of(30, 4);
    refuses("labelSmoothing: 1.0 (expected: in [0, 1))", () -> o.withLabelSmoothing(1));
    refuses("labelSmoothing: NaN", () -> o.withLabelSmoothing(Double.NaN));
    refuses("logitScale: 0.0 (expected: a positive number)", () -> o.withLogitScale(0));
    refuses("softCap: -1.0 (expected: 0 (off) or a positive number)", () -> o.withSoftCap(-1));
    refuses("softTargets: -1 (expected: 0 (off) or pairs a row)", () -> o.withSoftTargets(-1));
    refuses("topK: 31 (expected: 0 to 30)", () -> o.withTopK(31));
    refuses("topK: 65 (expected: 0 to 64)", () -> HeadOptions.of(1000, 4).withTopK(65));
    refuses("classWeights: 3 (expected: 30, one a class)", () -> o.withClassWeights(new float[3]));
    float[] weights = new float[30];
    weights[7] = -1;
    refuses(
        "classWeights[7]: -1.0 (expected: 0 or a positive number)",
        () -> o.withClassWeights(weights));
    refuses(
        "delivery: FUSED with reduction NONE",
        () -> o.withReduction(Reduction.NONE).withDelivery(Delivery.FUSED));
  }

  @Test
  void optionsDifferWhereTheyDoAndHideTheirArrays() {
    float[] weights = new float[30];
    HeadOptions o = HeadOptions.of(30, 4).withClassWeights(weights);
    weights[0] = 5;
    o.classWeights()[1] = 5;
    assertEquals(HeadOptions.of(30, 4).withClassWeights(new float[30]), o);
    assertFalse(o.equals(o.withStrictMean(true)));
    assertFalse(o.equals(o.withReweighting(Reweighting.linear(0.5))));
    assertEquals(
        o.withReweighting(Reweighting.linear(0.5)), o.withReweighting(Reweighting.linear(0.5)));
    assertTrue(o.withEntropy(true).withCausalShift(true).toString().contains("causal shift"));
  }
}
