package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.HeadOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Holds the reference against central differences in float64, with all options together, and
 * against numbers of PyTorch's definition.
 */
class ReferenceRowTest {
  private static final long SEED = 20261123;
  private static final int CLASSES = 23;
  private static final int ROWS = 6;

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** The loss of a row with what its other outputs add through their upstream gradients. */
  private static double loss(HeadProblem problem, Classes classes, int i, double[] a) {
    ReferenceRow row = new ReferenceRow(problem, classes, i, a.clone());
    HeadOptions options = problem.options();
    double eps = options.labelSmoothing();
    double own = problem.soft() == null ? classes.weight(problem.targets()[i]) * row.nll : row.soft;
    return problem.r()[i] * ((1 - eps) * own + eps * row.smooth)
        + problem.rZ()[i] * options.zLoss() * row.lse * row.lse
        + problem.uLse(i) * row.lse
        + problem.uEntropy(i) * row.entropy
        - problem.uLogProb(i) * row.nll;
  }

  private static List<HeadOptions> together() {
    HeadOptions plain = HeadOptions.of(CLASSES, 4).withBias(true).withEntropy(true);
    HeadOptions hard =
        plain
            .withClassWeights(Problems.classWeights(CLASSES, SEED))
            .withLabelSmoothing(0.3)
            .withLogitScale(0.7)
            .withSoftCap(3)
            .withZLoss(0.05);
    List<HeadOptions> all = new ArrayList<>();
    all.add(plain);
    all.add(hard);
    all.add(hard.withSoftTargets(4));
    all.add(hard.withSoftCap(0).withLabelSmoothing(0));
    all.add(hard.withSoftTargets(1).withClassWeights(null).withLogitScale(2));
    return all;
  }

  @Test
  void gradientsAreTheSlopesOfTheLossWithAllOptionsTogether() {
    for (HeadOptions options : together()) {
      HeadProblem problem =
          Problems.upstream(
              Problems.random(manager, ROWS, options, SEED, 0), SEED, true, true, true);
      Classes classes = Classes.of(problem);
      Random random = new Random(SEED);
      for (int i = 0; i < ROWS; i++) {
        double[] a = random.doubles(CLASSES, -3, 3).toArray();
        double[] gradient =
            new ReferenceRow(problem, classes, i, a.clone())
                .gradient(HeadResult.Rows.empty(problem));
        for (int v = 0; v < CLASSES; v++) {
          double kept = a[v];
          double step = 1e-5;
          a[v] = kept + step;
          double above = loss(problem, classes, i, a);
          a[v] = kept - step;
          double slope = (above - loss(problem, classes, i, a)) / (2 * step);
          a[v] = kept;
          assertEquals(slope, gradient[v], 1e-8, options + ", row " + i + ", class " + v);
        }
      }
    }
  }

  @Test
  void leavesAbsentClassesOutOfEveryTerm() {
    for (HeadOptions options : together()) {
      HeadProblem whole =
          Problems.upstream(
              Problems.random(manager, ROWS, options, SEED, 0), SEED, true, true, true);
      float[] bias = whole.b().toFloatArray();
      bias[CLASSES - 1] = Float.NEGATIVE_INFINITY;
      whole.b().set(bias);
      java.util.Arrays.setAll(whole.targets(), i -> i);
      if (whole.soft() != null) {
        java.util.Arrays.setAll(whole.soft().ids(), i -> i % (CLASSES - 1));
      }
      HeadOptions fewer = shorter(options);
      HeadProblem part =
          new HeadProblem(
              whole.e(),
              whole.c().get("0:" + (CLASSES - 1)),
              whole.b().get("0:" + (CLASSES - 1)),
              whole.targets(),
              whole.soft(),
              whole.r(),
              whole.rZ(),
              whole.upstream(),
              fewer);
      HeadKernels kernels = new ReferenceKernels();
      HeadResult with = kernels.forwardBackward(whole, Wanted.all(whole));
      HeadResult without = kernels.forwardBackward(part, Wanted.all(part));
      assertArrayEquals(without.rows().smooth(), with.rows().smooth(), options.toString());
      assertArrayEquals(without.rows().soft(), with.rows().soft());
      assertArrayEquals(without.rows().entropy(), with.rows().entropy());
      assertArrayEquals(without.dE().toFloatArray(), with.dE().toFloatArray());
      float[] dB = with.dB().toFloatArray();
      assertEquals(0f, dB[CLASSES - 1]);
    }
  }

  private static HeadOptions shorter(HeadOptions options) {
    float[] weights = options.classWeights();
    HeadOptions fewer =
        HeadOptions.of(CLASSES - 1, 4)
            .withBias(true)
            .withEntropy(true)
            .withLabelSmoothing(options.labelSmoothing())
            .withLogitScale(options.logitScale())
            .withSoftCap(options.softCap())
            .withZLoss(options.zLoss())
            .withSoftTargets(options.softTargets());
    return weights == null
        ? fewer
        : fewer.withClassWeights(java.util.Arrays.copyOf(weights, CLASSES - 1));
  }
}
