package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Distillation;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.DivergenceProblems.Sizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every rung that compares two heads against the float64 reference. */
class DivergenceContractTest {
  private static final long SEED = 20261121;
  private static final Sizes USUAL = new Sizes(40, 9, 17, 700, 650);

  private NDManager manager;

  static List<Rung> rungs() {
    return Rung.all().stream()
        .filter(r -> r.backend() != Backend.CUDA)
        .filter(r -> r.backend() != Backend.PORTABLE || r.compute() == ComputeType.FLOAT32)
        .toList();
  }

  static List<Rung> float32Rungs() {
    return rungs().stream().filter(r -> r.compute() == ComputeType.FLOAT32).toList();
  }

  private static List<Distillation> kinds() {
    List<Distillation> all = new ArrayList<>();
    all.add(Distillation.forwardKl());
    all.add(Distillation.reverseKl());
    all.add(Distillation.symmetricCrossEntropy());
    all.add(Distillation.innerProduct());
    all.add(Distillation.expectedLogit());
    for (double beta : new double[] {0.1, 0.5, 0.9}) {
      all.add(Distillation.jensenShannon(beta));
    }
    return all;
  }

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static DivergenceKernels kernels(Rung rung) {
    // skips where the rung cannot serve here
    rung.kernels();
    return rung.backend() == Backend.NATIVE_CPU
        ? new NativeCpuDivergence(rung.gemm())
        : new PortableDivergence();
  }

  private DivergenceProblem random(Rung rung, Sizes sizes, Distillation how, int ignoreEvery) {
    return DivergenceProblems.random(
        manager,
        rung.apply(sizes.student()),
        rung.apply(sizes.teacher()),
        sizes.n(),
        how,
        SEED,
        ignoreEvery);
  }

  private static void compare(Rung rung, DivergenceKernels kernels, DivergenceProblem problem) {
    compare(rung, kernels, problem, 1e-2, 1e-2, 1e-2);
  }

  /** Gradients err relative to the largest of them, and at least to so much of each kind. */
  private static void compare(
      Rung rung,
      DivergenceKernels kernels,
      DivergenceProblem problem,
      double leastE,
      double leastC,
      double leastB) {
    Wanted wanted = Wanted.all(problem.student());
    DivergenceResult expected = new ReferenceDivergence().run(problem, wanted);
    DivergenceResult actual = kernels.run(problem, wanted);
    String what = rung + " " + problem.how() + " " + problem.student().options();
    rung.loss().check("value " + what, expected.values(), actual.values(), 10);
    check(
        "dE " + what, expected.gradients().dE(), actual.gradients().dE(), rung.gradient(), leastE);
    check(
        "dC " + what, expected.gradients().dC(), actual.gradients().dC(), rung.gradient(), leastC);
    check(
        "dB " + what, expected.gradients().dB(), actual.gradients().dB(), rung.gradient(), leastB);
    assertArrayEquals(
        actual.values(), kernels.run(problem, Wanted.NOTHING).values(), "values alone " + what);
  }

  private static void check(
      String what, NDArray expected, NDArray actual, ErrorBudget budget, double least) {
    budget.check(what, expected.toFloatArray(), actual.toFloatArray(), least);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWithTheReferenceOverRaggedShapes(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    Sizes[] shapes = {
      new Sizes(1, 1, 1, 1, 1),
      new Sizes(2, 3, 1, 17, 17),
      new Sizes(17, 5, 9, 449, 600),
      new Sizes(30, 16, 7, 900, 448),
      new Sizes(271, 4, 3, 70, 69)
    };
    for (Sizes sizes : shapes) {
      for (Distillation how : kinds()) {
        compare(rung, kernels, random(rung, sizes, how, 3));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWithTheReferenceAtEveryTemperatureScaleAndCap(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    for (double tau : new double[] {0.5, 1, 4}) {
      for (Distillation how : kinds()) {
        Distillation warm = how.withTemperature(tau, false).withoutTarget(tau == 4);
        HeadOptions student = rung.apply(USUAL.student()).withLogitScale(0.7).withSoftCap(4);
        HeadOptions teacher = rung.apply(USUAL.teacher()).withLogitScale(1.3).withSoftCap(9);
        compare(
            rung,
            kernels,
            DivergenceProblems.random(manager, student, teacher, USUAL.n(), warm, SEED, 0));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void agreesWithTheReferenceInManyChunks(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    for (Distillation how : List.of(Distillation.forwardKl(), Distillation.jensenShannon(0.5))) {
      DivergenceProblem problem = random(rung, new Sizes(150, 12, 20, 1500, 1400), how, 7);
      compare(rung, kernels, tight(problem, kernels));
    }
  }

  /** The same problem with the least workspace, as the refusal of a call without any names it. */
  private static DivergenceProblem tight(DivergenceProblem problem, DivergenceKernels kernels) {
    HeadOptions options = problem.student().options();
    DivergenceProblem starved =
        DivergenceProblems.withOptions(problem, options.withWorkspaceBytes(1));
    if (kernels.backend() != Backend.NATIVE_CPU) {
      return starved;
    }
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> kernels.run(starved, Wanted.all(starved.student())))
            .getMessage();
    long least = Long.parseLong(message.replaceAll(".*at least (\\d+) .*", "$1"));
    return DivergenceProblems.withOptions(problem, options.withWorkspaceBytes(least));
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void givesTheSameBitsForEveryThreadCountAndWorkspace(Rung rung) {
    assumeTrue(rung.backend() == Backend.NATIVE_CPU, "promised by the native rung");
    DivergenceKernels kernels = kernels(rung);
    DivergenceProblem all =
        random(rung, new Sizes(150, 12, 20, 1500, 1500), Distillation.jensenShannon(0.3), 0);
    Wanted wanted = Wanted.all(all.student());
    DivergenceResult first = kernels.run(all, wanted);
    HeadOptions options = all.student().options();
    for (int threads : new int[] {1, 2, 3}) {
      DivergenceProblem other = DivergenceProblems.withOptions(all, options.withThreads(threads));
      DivergenceResult again = kernels.run(other, wanted);
      assertArrayEquals(first.values(), again.values(), "threads " + threads);
      assertArrayEquals(bits(first.gradients()), bits(again.gradients()), "threads " + threads);
    }
    assertArrayEquals(
        first.values(), kernels.run(tight(all, kernels), wanted).values(), "workspace");
    for (Engine engine : List.of(Engine.KEPT, Engine.RECOMPUTED)) {
      DivergenceProblem other = DivergenceProblems.withOptions(all, options.withEngine(engine));
      assertArrayEquals(first.values(), kernels.run(other, wanted).values(), "engine " + engine);
    }
  }

  private static int[] bits(HeadResult gradients) {
    return new int[] {
      Arrays.hashCode(gradients.dE().toFloatArray()),
      Arrays.hashCode(gradients.dC().toFloatArray()),
      Arrays.hashCode(gradients.dB().toFloatArray())
    };
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void isZeroWhereTheTeacherIsTheStudent(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    for (Distillation how : kinds().stream().filter(h -> h.beta() > 0 || isKl(h)).toList()) {
      DivergenceProblem p = random(rung, new Sizes(20, 8, 8, 900, 900), how, 0);
      HeadProblem own = p.student();
      DivergenceProblem same =
          DivergenceProblems.with(p, own.e(), own.c(), own.b(), own.e(), own.c(), own.b());
      DivergenceResult result = kernels.run(same, Wanted.all(own));
      assertArrayEquals(new float[20], result.values(), 1e-6f, how.toString());
      HeadResult g = result.gradients();
      for (NDArray array : List.of(g.dE(), g.dC(), g.dB())) {
        assertEquals(0, array.abs().max().getFloat(), 3e-6, how.toString());
      }
    }
  }

  private static boolean isKl(Distillation how) {
    return how.divergence().name().endsWith("_KL");
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void keepsTheDigitsOfLogitsOfTenThousandAndOfAbsentClasses(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    for (Distillation how : kinds()) {
      DivergenceProblem p = random(rung, new Sizes(12, 2, 3, 500, 520), how, 5);
      HeadProblem own = p.student();
      // whole numbers, so that the products are exact and what errs is the divergence
      NDArray e = own.e().mul(400).round();
      NDArray c = own.c().mul(10).round();
      NDArray teacherE = p.e().mul(400).round();
      NDArray teacherC = p.c().mul(10).round();
      DivergenceProblem extreme =
          DivergenceProblems.with(
              p, e, c, masked(own.b(), 3, 300), teacherE, teacherC, masked(p.b(), 3, 450));
      assertTrue(e.abs().max().getFloat() * c.abs().max().getFloat() > 5e3, "large logits");
      // (where both sides are certain, the gradients of bounded divergences are 0)
      compare(rung, kernels, extreme, c.abs().max().getFloat(), e.abs().max().getFloat(), 1);
    }
  }

  /** A bias, rounded, of which two classes, and all from one on, are taken out. */
  private NDArray masked(NDArray b, int one, int from) {
    float[] values = b.toFloatArray();
    for (int v = 0; v < values.length; v++) {
      boolean out = v == one || v == from / 2 || v >= from;
      values[v] = out ? Float.NEGATIVE_INFINITY : Math.round(values[v]);
    }
    return manager.create(values);
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void reportsNanAndRowsWithoutClasses(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    for (Distillation how : kinds()) {
      DivergenceProblem p = random(rung, new Sizes(20, 4, 5, 500, 480), how, 0);
      HeadProblem own = p.student();
      NDArray e = own.e().duplicate();
      TorchTensors.data(e).setFloat(4L * 4 * 3, Float.NaN);
      NDArray teacherE = p.e().duplicate();
      TorchTensors.data(teacherE).setFloat(4L * 5 * 11, Float.NaN);
      float[] values =
          kernels
              .run(
                  DivergenceProblems.with(p, e, own.c(), own.b(), teacherE, p.c(), p.b()),
                  Wanted.NOTHING)
              .values();
      for (int i = 0; i < values.length; i++) {
        assertEquals(i != 3 && i != 11, Float.isFinite(values[i]), how + " row " + i);
      }
      NDArray none = manager.full(new Shape(500), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
      float[] empty =
          kernels
              .run(
                  DivergenceProblems.with(p, own.e(), own.c(), none, p.e(), p.c(), p.b()),
                  Wanted.NOTHING)
              .values();
      assertFalse(Float.isFinite(empty[0]), how + " without classes: " + empty[0]);
    }
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void takesFloat16NoRowsAndRowsThatAreAllIgnored(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    Distillation how = Distillation.jensenShannon(0.5);
    DivergenceProblem p = random(rung, USUAL, how, 4);
    HeadProblem own = p.student();
    compare(
        rung,
        kernels,
        DivergenceProblems.with(
            p, half(own.e()), half(own.c()), own.b(), half(p.e()), half(p.c()), p.b()));
    DivergenceProblem none = random(rung, new Sizes(0, 4, 5, 30, 20), how, 0);
    DivergenceResult result = kernels.run(none, Wanted.all(none.student()));
    assertEquals(0, result.values().length);
    assertArrayEquals(new float[120], result.gradients().dC().toFloatArray());
    DivergenceProblem ignored = random(rung, new Sizes(5, 4, 5, 30, 20), how, 1);
    result = kernels.run(ignored, Wanted.all(ignored.student()));
    assertArrayEquals(new float[5], result.values());
    assertArrayEquals(new float[120], result.gradients().dC().toFloatArray());
    assertArrayEquals(new float[20], result.gradients().dE().toFloatArray());
  }

  private static NDArray half(NDArray array) {
    return array.toType(DataType.FLOAT16, true);
  }

  @ParameterizedTest
  @MethodSource("float32Rungs")
  void formsWhatIsWantedAndAddsWhereItIsTold(Rung rung) {
    DivergenceKernels kernels = kernels(rung);
    DivergenceProblem p = random(rung, USUAL, Distillation.reverseKl(), 4);
    HeadResult all = kernels.run(p, Wanted.all(p.student())).gradients();
    HeadResult hidden = kernels.run(p, Wanted.all(p.student()).hiddenAlone()).gradients();
    assertArrayEquals(all.dE().toFloatArray(), hidden.dE().toFloatArray(), 1e-6f);
    assertEquals(null, hidden.dC());
    NDArray intoC = manager.ones(new Shape(700, 9));
    NDArray intoB = manager.ones(new Shape(700));
    Wanted added = Wanted.all(p.student()).parametersAlone().into(intoC, intoB);
    assertEquals(null, kernels.run(p, added).gradients().dE());
    check("dC", all.dC().add(1), intoC, ErrorBudget.GRADIENT_FLOAT32, 1);
    check("dB", all.dB().add(1), intoB, ErrorBudget.GRADIENT_FLOAT32, 1);
  }
}
