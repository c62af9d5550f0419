package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds every rung, engine and compute type against the float64 reference, over ragged shapes and
 * all options.
 */
class HeadKernelsContractTest extends KernelsContract {

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWithTheReferenceOverRaggedShapes(Rung rung) {
    HeadKernels kernels = rung.kernels();
    int[][] shapes = {
      {1, 1, 1},
      {1, 3, 2},
      {2, 1, 17},
      {15, 16, 1023},
      {16, 17, 1024},
      {17, 15, 1025},
      {33, 64, 3},
      {271, 8, 1500},
      {272, 5, 2049},
      {300, 33, 777}
    };
    for (int[] shape : shapes) {
      HeadOptions options = rung.apply(HeadOptions.of(shape[2], shape[1]));
      rung.compare(kernels, Problems.random(manager, shape[0], options, SEED, 0));
      rung.compare(
          kernels,
          Problems.random(manager, shape[0], options.withBias(true).withZLoss(1e-2), SEED, 3));
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWithTheReferenceInManyChunks(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(3000, 24)).withBias(true).withZLoss(1e-3);
    HeadProblem problem = Problems.random(manager, 700, options, SEED, 7);
    rung.compare(
        kernels,
        problem.withOptions(
            options.withWorkspaceBytes(Workspace.least(kernels, problem) + 200_000)));
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void givesTheSameBitsForEveryWorkspaceThreadCountAndNeighbour(Rung rung) {
    assumeTrue(rung.isNative(), "promised by the native rungs");
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(2500, 40));
    HeadProblem all = Problems.random(manager, 301, options, SEED, 0);
    float[] lse = kernels.forward(all).lse();
    HeadResult first = kernels.forwardBackward(all, Wanted.all(all));
    for (int threads : new int[] {1, 2, 3}) {
      HeadOptions other = options.withThreads(threads);
      HeadResult again = kernels.forwardBackward(all.withOptions(other), Wanted.all(all));
      assertArrayEquals(lse, again.lse(), "threads " + threads);
      assertArrayEquals(
          first.dE().toFloatArray(), again.dE().toFloatArray(), "dE, threads " + threads);
      assertArrayEquals(
          first.dC().toFloatArray(), again.dC().toFloatArray(), "dC, threads " + threads);
    }
    HeadOptions tight = options.withWorkspaceBytes(Workspace.least(kernels, all));
    assertArrayEquals(
        lse, kernels.forwardBackward(all.withOptions(tight), Wanted.all(all)).lse(), "workspace");
    for (Engine engine : List.of(Engine.KEPT, Engine.RECOMPUTED)) {
      HeadResult other =
          kernels.forwardBackward(all.withOptions(options.withEngine(engine)), Wanted.all(all));
      assertArrayEquals(first.nll(), other.nll(), "engine " + engine);
    }
    int row = 123;
    NDArray e = all.e().get(row + ":" + (row + 1));
    HeadProblem alone =
        new HeadProblem(
            e,
            all.c(),
            null,
            new long[] {all.targets()[row]},
            null,
            new float[] {1},
            new float[1],
            null,
            options);
    assertEquals(lse[row], kernels.forward(alone).lse()[0], "a row alone");
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void formsTheSameGradientsFromAnEarlierForwardPass(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadProblem problem =
        Problems.random(
            manager,
            50,
            rung.apply(HeadOptions.of(1300, 20)).withBias(true).withZLoss(0.1),
            SEED,
            5);
    HeadResult together = kernels.forwardBackward(problem, Wanted.all(problem));
    HeadResult later =
        kernels.backward(problem, kernels.forward(problem).rows(), Wanted.all(problem));
    ErrorBudget budget = ErrorBudget.GRADIENT_FLOAT32;
    budget.check("dE", together.dE().toFloatArray(), later.dE().toFloatArray(), 1e-2);
    budget.check("dC", together.dC().toFloatArray(), later.dC().toFloatArray(), 1e-2);
    budget.check("dB", together.dB().toFloatArray(), later.dB().toFloatArray(), 1e-2);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void addsToAGivenGradientAndFormsOnlyWhatIsWanted(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadProblem problem =
        Problems.random(manager, 40, rung.apply(HeadOptions.of(1100, 12)), SEED, 0);
    float[] fresh = kernels.forwardBackward(problem, Wanted.all(problem)).dC().toFloatArray();
    NDArray into = manager.ones(new Shape(1100, 12));
    HeadResult added = kernels.forwardBackward(problem, new Wanted(false, true, false, into, null));
    assertEquals(null, added.dE());
    float[] sum = into.toFloatArray();
    for (int i = 0; i < sum.length; i++) {
      assertEquals(fresh[i] + 1, sum[i], 1e-5, "element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void treatsMinusInfinityAsAnAbsentClass(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(5000, 6)).withBias(true);
    HeadProblem problem = Problems.random(manager, 20, options, SEED, 0);
    float[] bias = problem.b().toFloatArray();
    java.util.Arrays.fill(bias, 0, 4500, Float.NEGATIVE_INFINITY);
    problem.b().set(bias);
    for (int i = 0; i < 20; i++) {
      problem.targets()[i] = 4500 + i;
    }
    rung.compare(kernels, problem);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void neverHidesNanOrInfinity(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadOptions options = rung.apply(HeadOptions.of(37, 5));
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (int column = 0; column < 37; column++) {
        HeadProblem problem = Problems.random(manager, 3, options, SEED, 0);
        NDArray c = problem.c();
        c.set(new ai.djl.ndarray.index.NDIndex("{}, 2", column), poison);
        problem.e().set(new ai.djl.ndarray.index.NDIndex(":, 2"), 1f);
        for (float value : kernels.forward(problem).nll()) {
          assertFalse(Float.isFinite(value), poison + " in class " + column + " gave " + value);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void leavesIgnoredRowsOutEvenWhereTheyHoldNan(Rung rung) {
    HeadKernels kernels = rung.kernels();
    HeadProblem problem = Problems.random(manager, 21, rung.apply(HeadOptions.of(70, 9)), SEED, 2);
    problem.e().set(new ai.djl.ndarray.index.NDIndex("1"), Float.NaN);
    HeadResult result = kernels.forwardBackward(problem, Wanted.all(problem));
    for (NDArray gradient : List.of(result.dE(), result.dC())) {
      for (float value : gradient.toFloatArray()) {
        assertFalse(Float.isNaN(value));
      }
    }
    assertEquals(0f, result.nll()[1]);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void givesZerosWhereNoRowCounts(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (int n : new int[] {0, 4}) {
      HeadProblem problem = Problems.random(manager, n, rung.apply(HeadOptions.of(30, 4)), SEED, 1);
      HeadResult result = kernels.forwardBackward(problem, Wanted.all(problem));
      assertArrayEquals(new float[n], result.nll());
      assertArrayEquals(new float[n * 4], result.dE().toFloatArray());
      assertArrayEquals(new float[120], result.dC().toFloatArray());
    }
  }

  @Test
  void namesTheLeastWorkspaceWhereTheGivenOneIsTooSmall() {
    Rung rung =
        new Rung(Backend.NATIVE_CPU, Engine.AUTO, ComputeType.FLOAT32, NativeCpuKernels.Gemm.AUTO);
    HeadKernels kernels = rung.kernels();
    HeadProblem problem =
        Problems.random(
            manager, 8, rung.apply(HeadOptions.of(100, 4)).withWorkspaceBytes(100), SEED, 0);
    String message =
        assertThrows(IllegalArgumentException.class, () -> kernels.forward(problem)).getMessage();
    assertEquals("workspace bytes: 100 (expected: at least", message.substring(0, 40), message);
  }
}
