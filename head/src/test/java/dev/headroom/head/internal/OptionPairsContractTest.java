package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDManager;
import dev.headroom.head.ComputeType;
import dev.headroom.head.HeadOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds every option, and every pair of levels of two options by a covering array, against the
 * reference on every rung, engine and compute type.
 */
class OptionPairsContractTest {
  private static final long SEED = 20261122;

  /** What is varied, with the number of its levels. */
  enum Factor {
    ROWS(5),
    WIDTH(4),
    CLASSES(6),
    BIAS(3),
    IGNORED(2),
    CLASS_WEIGHTS(2),
    SMOOTHING(2),
    SCALE(3),
    CAP(3),
    Z_LOSS(2),
    SOFT(3),
    ENTROPY(4),
    LISTED(6),
    LSE_UPSTREAM(2),
    LOG_PROB_UPSTREAM(2),
    TOP(3),
    HIDDEN_TYPE(2),
    CLASSIFIER_TYPE(2),
    WANTED(4),
    WORKSPACE(2);

    final int levels;

    Factor(int levels) {
      this.levels = levels;
    }
  }

  private static final int[] ROWS = {1, 17, 64, 5, 33};
  private static final int[] WIDTHS = {1, 16, 24, 65};
  private static final int[] CLASSES = {1, 447, 448, 449, 1345, 70};

  static List<Rung> rungs() {
    return Rung.all();
  }

  /** Rows of levels, each the one of 200 random rows that covers the most pairs still open. */
  static List<int[]> coveringArray() {
    Random random = new Random(SEED);
    Set<Long> open = new HashSet<>();
    Factor[] factors = Factor.values();
    for (int a = 0; a < factors.length; a++) {
      for (int b = a + 1; b < factors.length; b++) {
        for (int x = 0; x < factors[a].levels; x++) {
          for (int y = 0; y < factors[b].levels; y++) {
            open.add(pair(a, b, x, y));
          }
        }
      }
    }
    List<int[]> rows = new ArrayList<>();
    while (!open.isEmpty()) {
      int[] best = null;
      int most = 0;
      for (int attempt = 0; attempt < 200; attempt++) {
        int[] row = new int[factors.length];
        for (int a = 0; a < row.length; a++) {
          row[a] = random.nextInt(factors[a].levels);
        }
        Set<Long> covered = pairs(row);
        covered.retainAll(open);
        if (covered.size() > most) {
          most = covered.size();
          best = row;
        }
      }
      if (best != null) {
        rows.add(best);
        open.removeAll(pairs(best));
      }
    }
    return rows;
  }

  private static Set<Long> pairs(int[] row) {
    Set<Long> pairs = new HashSet<>();
    for (int a = 0; a < row.length; a++) {
      for (int b = a + 1; b < row.length; b++) {
        pairs.add(pair(a, b, row[a], row[b]));
      }
    }
    return pairs;
  }

  private static long pair(long a, long b, long x, long y) {
    return ((a * 100 + b) * 100 + x) * 100 + y;
  }

  private static int at(int[] row, Factor factor) {
    return row[factor.ordinal()];
  }

  private static HeadOptions options(int[] row) {
    int v = CLASSES[at(row, Factor.CLASSES)];
    HeadOptions options =
        HeadOptions.of(v, WIDTHS[at(row, Factor.WIDTH)])
            .withBias(at(row, Factor.BIAS) > 0)
            .withLabelSmoothing(0.2 * at(row, Factor.SMOOTHING))
            .withLogitScale(new double[] {1, 0.4, 2.5}[at(row, Factor.SCALE)])
            .withSoftCap(at(row, Factor.CAP) == 1 ? 5 : 0)
            .withStableMax(at(row, Factor.CAP) == 2)
            .withZLoss(0.01 * at(row, Factor.Z_LOSS))
            .withSoftTargets(new int[] {0, 1, 4}[at(row, Factor.SOFT)])
            .withEntropy(at(row, Factor.ENTROPY) > 0)
            .withMoments(at(row, Factor.ENTROPY) > 2)
            .withTopK(Math.min(v, topK(row)));
    return at(row, Factor.CLASS_WEIGHTS) == 0
        ? options
        : options.withClassWeights(Problems.classWeights(v, SEED));
  }

  private static int topK(int[] row) {
    int asked = new int[] {0, 1, 7}[at(row, Factor.TOP)];
    return at(row, Factor.LISTED) >= 4 ? Math.max(2, asked) : asked;
  }

  private static HeadProblem problem(NDManager manager, Rung rung, int[] row) {
    HeadOptions options = rung.apply(options(row));
    HeadProblem problem =
        Problems.random(
            manager, ROWS[at(row, Factor.ROWS)], options, SEED, 3 * at(row, Factor.IGNORED));
    if (at(row, Factor.BIAS) == 2) {
      mask(problem);
    }
    problem =
        Problems.upstream(
            problem,
            SEED,
            at(row, Factor.LSE_UPSTREAM) > 0,
            at(row, Factor.ENTROPY) > 1,
            at(row, Factor.LOG_PROB_UPSTREAM) > 0);
    problem =
        switch (at(row, Factor.LISTED)) {
          case 1 -> Problems.listed(problem, SEED, 200);
          case 2 -> Problems.listed(problem, SEED, 3);
          case 3 -> Problems.listedByRow(problem, SEED, 9);
          // (in bfloat16 a class at the border may be in or out, which the rest sees)
          case 4 -> Problems.listedTop(problem, SEED, rung.compute() == ComputeType.FLOAT32);
          case 5 -> Problems.listedTop(problem, SEED, false);
          default -> problem;
        };
    return Problems.halved(
        problem, at(row, Factor.HIDDEN_TYPE) > 0, at(row, Factor.CLASSIFIER_TYPE) > 0);
  }

  /** Takes out classes that are no row's target. */
  private static void mask(HeadProblem problem) {
    Set<Long> used = new HashSet<>();
    for (long target : problem.targets()) {
      used.add(target);
    }
    if (problem.soft() != null) {
      for (long id : problem.soft().ids()) {
        used.add(id);
      }
    }
    float[] bias = problem.b().toFloatArray();
    for (int v = 0; v < bias.length; v++) {
      boolean absent = v % 3 != 1 && !used.contains((long) v);
      bias[v] = absent ? Float.NEGATIVE_INFINITY : bias[v];
    }
    problem.b().set(bias);
  }

  private static Wanted wanted(HeadProblem problem, int level) {
    boolean bias = problem.b() != null;
    return switch (level) {
      case 0 -> Wanted.all(problem);
      case 1 -> new Wanted(true, false, false, null, null);
      case 2 -> new Wanted(false, true, false, null, null);
      default -> new Wanted(true, false, bias, null, null);
    };
  }

  @Test
  void coversEveryPairOfLevels() {
    Set<Long> covered = new HashSet<>();
    coveringArray().forEach(row -> covered.addAll(pairs(row)));
    long expected = 0;
    for (Factor a : Factor.values()) {
      for (Factor b : Factor.values()) {
        expected += a.ordinal() < b.ordinal() ? (long) a.levels * b.levels : 0;
      }
    }
    assertEquals(expected, covered.size());
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void agreesWithTheReferenceForEveryPairOfOptions(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (int[] row : coveringArray()) {
      try (NDManager manager = NDManager.newBaseManager()) {
        HeadProblem problem = problem(manager, rung, row);
        if (at(row, Factor.WORKSPACE) > 0) {
          problem = Workspace.tight(kernels, problem);
        }
        rung.compare(kernels, problem, wanted(problem, at(row, Factor.WANTED)));
      }
    }
  }
}
