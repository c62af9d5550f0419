package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.SphericalFunction;
import dev.headroom.head.SphericalFunction.SphericalSoftmax;
import dev.headroom.head.SphericalFunction.SquaredError;
import dev.headroom.head.SphericalFunction.TaylorSoftmax;
import dev.headroom.head.SphericalFunction.ZLoss;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every rung of the spherical family against the float64 reference, which forms N x V. */
class SphericalContractTest {
  private static final long SEED = 20261128;

  private NDManager manager;

  /** A rung and a loss. */
  private record Case(Backend backend, Gemm gemm, SphericalFunction function) {
    SphericalKernels kernels() {
      String refusal = Backends.refusal(backend);
      boolean ci = "true".equals(System.getenv("CI"));
      assumeTrue(refusal == null || ci, this + " skipped: " + refusal);
      if (backend != Backend.NATIVE_CPU) {
        return Backends.spherical(backend, function);
      }
      // (a processor without AVX-512 has no own products)
      Rung rung = new Rung(backend, null, dev.headroom.head.ComputeType.FLOAT32, gemm);
      rung.kernels();
      return new SphericalKernels(backend, function, new NativeSpherical(gemm));
    }
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    List<SphericalFunction> functions =
        List.of(
            new ZLoss(0.4, 3), new SphericalSoftmax(1e-3), new TaylorSoftmax(), new SquaredError());
    for (SphericalFunction function : functions) {
      cases.add(new Case(Backend.PORTABLE, null, function));
      cases.add(new Case(Backend.NATIVE_CPU, Gemm.BLAS, function));
      cases.add(new Case(Backend.NATIVE_CPU, Gemm.OWN, function));
    }
    return cases;
  }

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static void compare(Case one, HeadProblem problem) {
    compare(one, problem, 1e-30);
  }

  /** Compares with errors relative to at least this size, where the truth is 0. */
  private static void compare(Case one, HeadProblem problem, double least) {
    Wanted wanted = Wanted.all(problem);
    SphericalKernels reference = Backends.spherical(Backend.REFERENCE, one.function);
    HeadResult expected = reference.forwardBackward(problem, wanted);
    SphericalKernels kernels = one.kernels();
    HeadResult actual = kernels.forwardBackward(problem, wanted);
    String what = one + " n " + problem.n() + " " + problem.options();
    double size = 1;
    for (float loss : expected.nll()) {
      size = Math.max(size, Math.abs(loss));
    }
    ErrorBudget.LOSS_FLOAT32.check("loss " + what, expected.nll(), actual.nll(), size);
    if (problem.soft() != null) {
      ErrorBudget.LOSS_FLOAT32.check(
          "soft " + what, expected.rows().soft(), actual.rows().soft(), size);
    }
    assertEquals(reference.degenerateRows(), kernels.degenerateRows(), "degenerate " + what);
    ErrorBudget budget = ErrorBudget.GRADIENT_FLOAT32;
    budget.check("dE " + what, expected.dE().toFloatArray(), actual.dE().toFloatArray(), least);
    budget.check("dC " + what, expected.dC().toFloatArray(), actual.dC().toFloatArray(), least);
    assertArrayEquals(actual.nll(), kernels.forward(problem).nll(), "forward alone " + what);
  }

  private HeadOptions options(int v, int d) {
    return HeadOptions.of(v, d).withThreads(2);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheReferenceOverRaggedShapes(Case one) {
    int[][] shapes = {
      {1, 1, 3},
      {1, 3, 3},
      {2, 1, 17},
      {13, 31, 447},
      {14, 32, 448},
      {15, 33, 449},
      {33, 64, 3},
      {451, 8, 1500},
      {5, 257, 2049},
      {90, 300, 500},
      {3, 2, 9000}
    };
    for (int[] shape : shapes) {
      HeadOptions options = options(shape[2], shape[1]);
      // of width 1 z depends on the sign of e alone
      double least = shape[1] == 1 ? 1 : 1e-30;
      compare(one, Problems.random(manager, shape[0], options, SEED, 0), least);
      compare(one, Problems.random(manager, shape[0], options, SEED, 3), least);
      HeadOptions soft = options.withSoftTargets(3);
      compare(one, Problems.random(manager, shape[0], soft, SEED, 4), least);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTheReferenceOverManyClasses(Case one) {
    compare(one, Problems.random(manager, 3, options(200_003, 8), SEED, 0));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void takesClassWeightsAndFloat16(Case one) {
    HeadOptions options = options(700, 12).withClassWeights(Problems.classWeights(700, SEED));
    HeadProblem problem = Problems.random(manager, 40, options, SEED, 5);
    compare(one, problem);
    compare(one, Problems.halved(problem, true, true));
    compare(one, Problems.halved(problem, false, true));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void readsTransposedAndStridedMatrices(Case one) {
    HeadProblem p = Problems.random(manager, 40, options(300, 12), SEED, 5);
    NDArray e = p.e().transpose().flatten().reshape(12, 40).transpose();
    NDArray c = manager.zeros(new Shape(300, 20));
    c.set(new NDIndex(":, 3:15"), p.c());
    HeadProblem strided =
        new HeadProblem(
            e, c.get(":, 3:15"), null, p.targets(), null, p.r(), p.rZ(), null, p.options());
    compare(one, strided);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void addsToAGivenGradientAndFormsOnlyWhatIsWanted(Case one) {
    HeadProblem problem = Problems.random(manager, 40, options(1100, 12), SEED, 0);
    SphericalKernels kernels = one.kernels();
    HeadResult all = kernels.forwardBackward(problem, Wanted.all(problem));
    NDArray into = manager.ones(new Shape(1100, 12));
    HeadResult added = kernels.forwardBackward(problem, new Wanted(false, true, false, into, null));
    assertNull(added.dE());
    float[] fresh = all.dC().toFloatArray();
    float[] sum = into.toFloatArray();
    for (int i = 0; i < sum.length; i++) {
      assertEquals(fresh[i] + 1, sum[i], 1e-5 * Math.max(1, Math.abs(sum[i])), "element " + i);
    }
    HeadResult hidden = kernels.forwardBackward(problem, Wanted.all(problem).hiddenAlone());
    assertNull(hidden.dC());
    assertArrayEquals(all.dE().toFloatArray(), hidden.dE().toFloatArray());
    HeadResult later = kernels.backward(problem, all.rows(), Wanted.all(problem));
    assertArrayEquals(fresh, later.dC().toFloatArray());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void keepsItsDigitsForLargeTinyAndShiftedNorms(Case one) {
    for (double size : new double[] {1e4, 1e-4}) {
      HeadProblem p = Problems.random(manager, 60, options(800, 16), SEED, 0);
      p.e().muli((float) size);
      p.c().muli((float) size);
      compare(one, p);
    }
    // a mean row far from 0: outputs whose sum of squares is nearly all mean
    HeadProblem p = Problems.random(manager, 60, options(800, 16), SEED, 0);
    p.c().addi(p.c().get("0").mul(100));
    compare(one, p);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void countsRowsOfEqualOutputs(Case one) {
    HeadProblem p = Problems.random(manager, 9, options(77, 5), SEED, 0);
    p.e().set(new NDIndex("4"), 0f);
    compare(one, p);
    p.c().set(new NDIndex(":"), 0.7f);
    compare(one, p, 1);
    HeadOptions lonely = options(1, 5).withIgnoreIndex(-1);
    compare(one, Problems.random(manager, 9, lonely, SEED, 0), 1);
    // of two classes z is 1 and -1, whatever the outputs
    compare(one, Problems.random(manager, 9, options(2, 5), SEED, 0), 1);
    SphericalKernels kernels = one.kernels();
    kernels.forward(p);
    assertEquals(one.function instanceof ZLoss ? 9 : 0, kernels.degenerateRows());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesZerosWhereNoRowCounts(Case one) {
    for (int n : new int[] {0, 4}) {
      HeadProblem p = Problems.random(manager, n, options(30, 4), SEED, 1);
      if (n > 0) {
        p.e().set(new NDIndex(":"), Float.NaN);
      }
      HeadResult result = one.kernels().forwardBackward(p, Wanted.all(p));
      assertArrayEquals(new float[n], result.nll());
      assertArrayEquals(new float[n * 4], result.dE().toFloatArray());
      assertArrayEquals(new float[120], result.dC().toFloatArray());
      NDArray into = manager.ones(new Shape(30, 4));
      one.kernels().forwardBackward(p, new Wanted(true, true, false, into, null));
      assertArrayEquals(manager.ones(new Shape(30, 4)).toFloatArray(), into.toFloatArray());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void neverHidesNanOrInfinity(Case one) {
    SphericalKernels kernels = one.kernels();
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      for (int column = 0; column < 37; column++) {
        HeadProblem p = Problems.random(manager, 3, options(37, 5), SEED, 0);
        p.c().set(new NDIndex("{}, 2", column), poison);
        for (float value : kernels.forward(p).nll()) {
          assertFalse(Float.isFinite(value), poison + " in class " + column + " gave " + value);
        }
      }
      HeadProblem p = Problems.random(manager, 3, options(37, 5), SEED, 0);
      p.e().set(new NDIndex("1, 2"), poison);
      float[] losses = kernels.forward(p).nll();
      assertTrue(Float.isFinite(losses[0]) && Float.isFinite(losses[2]));
      assertFalse(Float.isFinite(losses[1]), poison + " gave " + losses[1]);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void leavesIgnoredRowsOutEvenWhereTheyHoldNan(Case one) {
    HeadProblem p = Problems.random(manager, 21, options(70, 9), SEED, 2);
    p.e().set(new NDIndex("1"), Float.NaN);
    HeadResult result = one.kernels().forwardBackward(p, Wanted.all(p));
    for (NDArray gradient : List.of(result.dE(), result.dC())) {
      for (float value : gradient.toFloatArray()) {
        assertFalse(Float.isNaN(value));
      }
    }
    assertEquals(0f, result.nll()[1]);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheSameBitsForEveryThreadCount(Case one) {
    assumeTrue(one.backend == Backend.NATIVE_CPU, "promised by the native rung");
    HeadProblem p = Problems.random(manager, 901, options(5000, 300), SEED, 6);
    HeadResult first = one.kernels().forwardBackward(p, Wanted.all(p));
    for (int threads : new int[] {1, 3, 7}) {
      HeadProblem other = p.withOptions(p.options().withThreads(threads));
      HeadResult again = one.kernels().forwardBackward(other, Wanted.all(other));
      assertArrayEquals(first.nll(), again.nll(), "threads " + threads);
      assertArrayEquals(first.dE().toFloatArray(), again.dE().toFloatArray(), "dE " + threads);
      assertArrayEquals(first.dC().toFloatArray(), again.dC().toFloatArray(), "dC " + threads);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void namesTheLeastWorkspaceWhereTheGivenOneIsTooSmall(Case one) {
    assumeTrue(one.backend == Backend.NATIVE_CPU, "the portable rung takes what it needs");
    HeadProblem p = Problems.random(manager, 8, options(100, 4), SEED, 0);
    HeadProblem starved = p.withOptions(p.options().withWorkspaceBytes(100));
    SphericalKernels kernels = one.kernels();
    String message =
        assertThrows(IllegalArgumentException.class, () -> kernels.forward(starved)).getMessage();
    assertTrue(message.startsWith("workspace bytes: 100 (expected: at least "), message);
    long least = Long.parseLong(message.replaceAll(".*at least (\\d+) .*", "$1"));
    compare(one, p.withOptions(p.options().withWorkspaceBytes(least)));
  }
}
