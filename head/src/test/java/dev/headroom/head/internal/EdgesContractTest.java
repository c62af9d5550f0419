package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.HeadOptions;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every rung against the reference where numbers, sizes or masks are extreme. */
class EdgesContractTest extends KernelsContract {

  /** A problem with one logit set after the other: e is 1, so that z is the classifier. */
  private HeadProblem ofLogits(HeadOptions options, float[] logits, long... targets) {
    int n = targets.length;
    float[] ones = new float[n];
    Arrays.fill(ones, 1);
    return new HeadProblem(
        manager.ones(new Shape(n, 1)),
        manager.create(logits, new Shape(logits.length, 1)),
        null,
        targets,
        null,
        ones,
        ones,
        null,
        options);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesInNamedTriplesOfOptions(Rung rung) {
    HeadKernels kernels = rung.kernels();
    List<UnaryOperator<HeadOptions>> triples =
        List.of(
            o ->
                o.withClassWeights(Problems.classWeights(900, SEED))
                    .withLabelSmoothing(0.1)
                    .withBias(true),
            o -> o.withSoftCap(4).withLogitScale(0.5).withZLoss(0.01),
            o -> o.withSoftCap(4).withLabelSmoothing(0.2).withBias(true),
            o -> o.withSoftTargets(3).withLabelSmoothing(0.2).withSoftCap(4),
            o -> o.withSoftTargets(3).withZLoss(0.01).withEntropy(true),
            o -> o.withEntropy(true).withSoftCap(4).withTopK(5),
            KernelsContract::everything,
            o -> everything(o).withSoftTargets(2).withBias(true));
    for (UnaryOperator<HeadOptions> triple : triples) {
      HeadOptions options = rung.apply(triple.apply(HeadOptions.of(900, 20)));
      HeadProblem problem = Problems.random(manager, 37, options, SEED, 4);
      rung.compare(kernels, Problems.upstream(problem, SEED, true, options.entropy(), true));
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesOverMoreThanAThousandChunks(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(9, 3).withBias(true).withLabelSmoothing(0.1));
    // the least chunk is a row of the portable rung and 16 rows of the native one
    int n = rung.backend() == Backend.PORTABLE ? 1_200 : 20_000;
    HeadProblem problem = Problems.random(manager, n, options, SEED, 7);
    rung.compare(kernels, Workspace.tight(kernels, problem));
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWhereTheTargetIsCertainOrImpossible(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    // powers of two, exact in bfloat16 too
    for (float size : new float[] {16, 64, 8192}) {
      float[] logits = new float[tile + 2];
      logits[3] = size;
      logits[tile + 1] = -size;
      HeadOptions options = rung.apply(HeadOptions.of(logits.length, 1).withEntropy(true));
      HeadProblem problem = ofLogits(options, logits, 3, tile + 1, 0);
      rung.compare(kernels, problem);
      HeadProblem withUpstream = Problems.upstream(problem, SEED, true, true, true);
      rung.compare(kernels, withUpstream);
      assertTrue(kernels.forward(problem).nll()[0] >= 0, "certain target");
      rung.compare(kernels, problem.withOptions(options.withLabelSmoothing(0.1).withSoftCap(30)));
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void countsTiesForTheLowerClassAndListsNoAbsentOne(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    int v = 2 * tile + 5;
    float[] logits = new float[v];
    for (int j = 0; j < v; j++) {
      logits[j] = j % 7;
    }
    HeadOptions options = rung.apply(HeadOptions.of(v, 1).withTopK(64));
    HeadResult.Rows rows = kernels.forward(ofLogits(options, logits, 0, -100, 1)).rows();
    for (int place = 0; place < 64; place++) {
      assertEquals(6f, rows.topLogits()[place]);
      assertEquals(7L * place + 6, rows.topIds()[place], "place " + place);
      assertEquals(-1, rows.topIds()[64 + place], "an ignored row");
      assertEquals(0f, rows.topLogits()[64 + place], "an ignored row");
    }
    Arrays.fill(logits, 3, v, Float.NEGATIVE_INFINITY);
    HeadOptions few = options.withTopK(5);
    rows = kernels.forward(ofLogits(few, logits, 0)).rows();
    assertArrayEquals(new long[] {2, 1, 0, -1, -1}, rows.topIds());
    assertEquals(Float.NEGATIVE_INFINITY, rows.topLogits()[4]);
    logits[1] = Float.NaN;
    rows = kernels.forward(ofLogits(few, logits, 0)).rows();
    assertArrayEquals(new long[] {-1, -1, -1, -1, -1}, rows.topIds(), "a row with NaN");
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void leavesMaskedTilesOutUnderSmoothingAndCap(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    HeadOptions options = rung.apply(everything(HeadOptions.of(3 * tile, 6)).withBias(true));
    HeadProblem problem = Problems.random(manager, 20, options, SEED, 0);
    float[] bias = problem.b().toFloatArray();
    Arrays.fill(bias, 0, 2 * tile + 3, Float.NEGATIVE_INFINITY);
    problem.b().set(bias);
    Arrays.setAll(problem.targets(), i -> 2 * tile + 3 + i);
    problem = Problems.upstream(problem, SEED, true, true, true);
    rung.compare(kernels, problem);
    for (NDArray gradient : List.of(kernels.forwardBackward(problem, Wanted.all(problem)).dB())) {
      float[] masked = gradient.get("0:" + (2 * tile + 3)).toFloatArray();
      assertArrayEquals(new float[masked.length], masked, "masked classes");
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void neverHidesNanOrInfinityUnderOptions(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    int v = tile + 37;
    List<HeadOptions> each =
        List.of(
            HeadOptions.of(v, 1),
            HeadOptions.of(v, 1).withSoftCap(2),
            everything(HeadOptions.of(v, 1)),
            HeadOptions.of(v, 1).withSoftCap(2).withSoftTargets(1));
    for (HeadOptions options : each) {
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        for (int column = tile - 20; column < v; column++) {
          float[] logits = new float[v];
          logits[column] = poison;
          HeadProblem problem = ofLogits(rung.apply(options), logits, 0, 5);
          if (options.softTargets() > 0) {
            problem = soft(problem);
          }
          HeadResult.Rows rows = kernels.forward(problem).rows();
          for (float value : options.softTargets() > 0 ? rows.soft() : rows.nll()) {
            assertFalse(Float.isFinite(value), options + ": " + poison + " in " + column);
          }
        }
      }
    }
  }

  private static HeadProblem soft(HeadProblem p) {
    HeadProblem.SoftTargets soft =
        new HeadProblem.SoftTargets(new long[] {0, 5}, new float[] {0.5f, 2});
    return new HeadProblem(
        p.e(), p.c(), p.b(), p.targets(), soft, p.r(), p.rZ(), p.upstream(), p.options());
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void keepsIgnoredRowsAtZeroUnderEveryOptionEvenWithNan(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (HeadOptions options :
        List.of(
            everything(HeadOptions.of(500, 9)).withBias(true),
            everything(HeadOptions.of(500, 9)).withSoftTargets(2))) {
      HeadProblem problem =
          Problems.upstream(
              Problems.random(manager, 21, rung.apply(options), SEED, 2), SEED, true, true, true);
      float[] clean = kernels.forwardBackward(problem, Wanted.all(problem)).dC().toFloatArray();
      problem.e().set(new NDIndex("1"), Float.NaN);
      problem.e().set(new NDIndex("3"), Float.POSITIVE_INFINITY);
      HeadResult result = kernels.forwardBackward(problem, Wanted.all(problem));
      assertArrayEquals(clean, result.dC().toFloatArray(), "dC");
      assertArrayEquals(new float[9], result.dE().get(1).toFloatArray(), "dE of a row");
      HeadResult.Rows rows = result.rows();
      for (float[] statistic : List.of(rows.nll(), rows.lse(), rows.smooth(), rows.entropy())) {
        assertEquals(0f, statistic[1]);
        assertEquals(0f, statistic[3]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void givesZerosForNoRowsUnderEveryOption(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (int n : new int[] {0, 3}) {
      HeadOptions options = rung.apply(everything(HeadOptions.of(30, 4)).withSoftTargets(2));
      HeadProblem problem = Problems.random(manager, n, options, SEED, 1);
      HeadResult result = kernels.forwardBackward(problem, Wanted.all(problem));
      assertArrayEquals(new float[n], result.rows().soft());
      assertArrayEquals(new float[n * 4], result.dE().toFloatArray());
      assertArrayEquals(new float[120], result.dC().toFloatArray());
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesOnLogitsOfTenThousand(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int tile = (int) rung.tile(kernels, 1).columns();
    int v = tile + 3;
    // whole numbers below 256 times a power of two: products are exact in every compute type
    float[] c = new float[v];
    for (int j = 0; j < v; j++) {
      c[j] = 128 * ((j * 37) % 160 - 80);
    }
    HeadOptions options = rung.apply(HeadOptions.of(v, 1).withEntropy(true).withZLoss(1e-6));
    HeadProblem problem = ofLogits(options, c, 0, 100, v - 1);
    ErrorBudget budget =
        rung.compute() == ComputeType.FLOAT32
            ? ErrorBudget.GRADIENT_FLOAT32_LOGITS_1E4
            : ErrorBudget.GRADIENT_BFLOAT16;
    rung.compare(kernels, Problems.upstream(problem, SEED, true, true, true), budget);
    HeadOptions capped = options.withSoftCap(50).withLabelSmoothing(0.1);
    if (rung.compute() == ComputeType.FLOAT32) {
      rung.compare(kernels, problem.withOptions(capped), budget);
    }
    assertTrue(Float.isFinite(kernels.forward(problem.withOptions(capped)).nll()[0]));
  }
}
