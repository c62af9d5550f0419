package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Distillation;
import dev.headroom.head.HeadOptions;
import java.util.Random;

/** Makes seeded problems for the tests of the kernels that compare two heads. */
final class DivergenceProblems {

  private DivergenceProblems() {}

  /** Sizes of a problem: rows, widths and classes of both sides. */
  record Sizes(int n, int d, int teacherD, int v, int teacherV) {
    HeadOptions student() {
      return HeadOptions.of(v, d).withBias(true);
    }

    HeadOptions teacher() {
      return HeadOptions.of(teacherV, teacherD).withBias(true);
    }
  }

  /** A problem with random arrays, targets and row scales; every so many-th row ignored. */
  static DivergenceProblem random(
      NDManager manager,
      HeadOptions student,
      HeadOptions teacher,
      int n,
      Distillation how,
      long seed,
      int ignoreEvery) {
    HeadProblem own =
        Problems.random(
            manager, n, DivergenceProblem.tempered(student, how.temperature()), seed, ignoreEvery);
    Random random = new Random(seed + 1);
    int d = (int) teacher.width();
    int v = (int) teacher.classes();
    NDArray e = manager.create(Problems.gaussians(random, n * d, 1), new Shape(n, d));
    NDArray c = manager.create(Problems.gaussians(random, v * d, 0.5), new Shape(v, d));
    NDArray b =
        teacher.bias() ? manager.create(Problems.gaussians(random, v, 1), new Shape(v)) : null;
    return new DivergenceProblem(
        own, e, c, b, DivergenceProblem.tempered(teacher, how.temperature()), how);
  }

  /** The same problem with other student options, which must be tempered already. */
  static DivergenceProblem withOptions(DivergenceProblem p, HeadOptions options) {
    return new DivergenceProblem(
        p.student().withOptions(options), p.e(), p.c(), p.b(), p.teacher(), p.how());
  }

  /** The same problem with other arrays on both sides. */
  static DivergenceProblem with(
      DivergenceProblem p,
      NDArray e,
      NDArray c,
      NDArray b,
      NDArray teacherE,
      NDArray teacherC,
      NDArray teacherB) {
    HeadProblem own = p.student();
    return new DivergenceProblem(
        new HeadProblem(
            e, c, b, own.targets(), null, own.r(), own.rZ(), null, null, null, own.options()),
        teacherE,
        teacherC,
        teacherB,
        p.teacher(),
        p.how());
  }
}
