package dev.headroom.head;

import static dev.headroom.head.NllLossesTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.internal.HeadKernels;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.RowUpstream;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Rung;
import dev.headroom.head.internal.Shapes;
import dev.headroom.head.internal.Wanted;
import dev.headroom.head.losses.LabelSmoothing;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LabelSmoothingTest {
  private static final int CLASSES = 23;

  @Test
  void smoothingOfOtherClassesIsThatOfMegatron() {
    try (HeadFixture f = new HeadFixture(5, 4, 13)) {
      double eps = 0.15;
      HeadOptions options =
          f.options()
              .withLabelSmoothing(LabelSmoothing.ofOtherClasses(eps, 13))
              .withReduction(Reduction.SUM);
      Outcome actual = f.run(new HeadLoss(options), f.targets(), f.predictions());
      // the vocabulary in shards, of which each gives its sums
      ToDoubleFunction<List<Row>> total =
          rows -> {
            double loss = 0;
            for (Row row : rows) {
              for (int begin = 0; begin < 13; begin += 5) {
                for (int v = begin; v < Math.min(13, begin + 5); v++) {
                  double weight = v == row.target() ? 1 - eps : eps / 12;
                  loss -= weight * (row.z()[v] - row.lse());
                }
              }
            }
            return loss;
          };
      RowTruth truth = new RowTruth(f, options);
      assertEquals(total.applyAsDouble(truth.rows()), actual.loss()[0], 2e-5);
      truth.check("smoothing", total, actual, ErrorBudget.GRADIENT_FLOAT32);
    }
    assertEquals(0, LabelSmoothing.ofOtherClasses(0, 2));
    refused(
        "eps: 0.5 (expected: 0 to 1/2, exclusive)", () -> LabelSmoothing.ofOtherClasses(0.5, 2));
    refused("classes: 1 (expected: at least 2)", () -> LabelSmoothing.ofOtherClasses(0.1, 1));
  }

  static List<Rung> rungs() {
    return Rung.all();
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void shardsOfTheVocabularyAddUpToTheWholeHeadInBothConventions(Rung rung) {
    HeadKernels kernels = rung.kernels();
    try (HeadFixture f = new HeadFixture(9, 4, CLASSES)) {
      f.ids[2] = -100;
      for (double smoothing : new double[] {0.1, LabelSmoothing.ofOtherClasses(0.1, CLASSES)}) {
        HeadOptions whole = f.options().withLabelSmoothing(smoothing);
        Outcome expected =
            f.run(new HeadLoss(whole, Backend.REFERENCE), f.targets(f.random(5)), f.predictions());
        for (int[] cuts : new int[][] {{0, 9, CLASSES}, {0, 5, 6, CLASSES}}) {
          Outcome actual = sharded(kernels, rung, f, smoothing, cuts);
          String what = smoothing + " in " + (cuts.length - 1) + " shards";
          rung.loss().check("loss " + what, expected.loss(), actual.loss(), 1);
          rung.gradient().check("dE " + what, expected.dE(), actual.dE(), 1e-2);
          rung.gradient().check("dC " + what, expected.dC(), actual.dC(), 1e-2);
          rung.gradient().check("dB " + what, expected.dB(), actual.dB(), 1e-2);
        }
      }
    }
  }

  /** Merges what each shard's own forward pass tells, and lets each form its gradients. */
  private static Outcome sharded(
      HeadKernels kernels, Rung rung, HeadFixture f, double smoothing, int[] cuts) {
    List<HeadProblem> shards = new ArrayList<>();
    List<HeadResult.Rows> statistics = new ArrayList<>();
    for (int s = 0; s + 1 < cuts.length; s++) {
      shards.add(shard(rung, f, smoothing, cuts[s], cuts[s + 1]));
      statistics.add(kernels.forward(shards.get(s)).rows());
    }
    float[] lse = new float[f.rows];
    double loss = 0;
    for (int i = 0; i < f.rows; i++) {
      double merged = mergedLse(statistics, i);
      lse[i] = (float) merged;
      double kept = merged - target(f, statistics, cuts, i);
      double spread = merged - sumOfLogits(statistics, cuts, i) / CLASSES;
      loss += shards.get(0).r()[i] * ((1 - smoothing) * kept + smoothing * spread);
    }
    float[] dE = new float[f.rows * f.width];
    float[] dC = new float[CLASSES * f.width];
    float[] dB = new float[CLASSES];
    for (int s = 0; s < shards.size(); s++) {
      HeadProblem shard =
          shards.get(s).withUpstream(upstream(f, shards.get(s), cuts, s, smoothing));
      HeadResult part = kernels.backward(shard, merged(statistics.get(s), lse), Wanted.all(shard));
      float[] own = part.dE().toFloatArray();
      for (int k = 0; k < dE.length; k++) {
        dE[k] += own[k];
      }
      copy(part.dC(), dC, cuts[s] * f.width);
      copy(part.dB(), dB, cuts[s]);
    }
    return new Outcome(new float[] {(float) loss}, dE, dC, dB);
  }

  private static double mergedLse(List<HeadResult.Rows> shards, int row) {
    return Math.log(shards.stream().mapToDouble(own -> Math.exp(own.lse()[row])).sum());
  }

  private static double sumOfLogits(List<HeadResult.Rows> shards, int[] cuts, int row) {
    double sum = 0;
    for (int s = 0; s < shards.size(); s++) {
      HeadResult.Rows own = shards.get(s);
      sum += (cuts[s + 1] - cuts[s]) * ((double) own.lse()[row] - own.smooth()[row]);
    }
    return sum;
  }

  /** Returns the target's logit, which only the shard that holds the target tells. */
  private static double target(HeadFixture f, List<HeadResult.Rows> shards, int[] cuts, int row) {
    for (int s = 0; s < shards.size(); s++) {
      if (in(f, row, cuts[s], cuts[s + 1])) {
        return (double) shards.get(s).lse()[row] - shards.get(s).nll()[row];
      }
    }
    return 0;
  }

  private static boolean in(HeadFixture f, int row, int begin, int end) {
    return f.ids[row] >= begin && f.ids[row] < end;
  }

  /**
   * A head of some of the classes, whose share of the smoothing is that of its classes. Rows whose
   * target is elsewhere say 0, a class of the shard, since an ignored row would have no statistics.
   */
  private static HeadProblem shard(Rung rung, HeadFixture f, double smoothing, int begin, int end) {
    long[] ids = f.ids.clone();
    for (int i = 0; i < ids.length; i++) {
      ids[i] = ids[i] < 0 ? ids[i] : in(f, i, begin, end) ? ids[i] - begin : 0;
    }
    HeadOptions options =
        HeadOptions.of(end - begin, f.width)
            .withBias(true)
            .withLabelSmoothing(smoothing * (end - begin) / CLASSES);
    String range = begin + ":" + end;
    return Shapes.problem(
        new NDList(f.manager.create(ids), f.manager.create(f.random(5))),
        new NDList(f.hidden, f.weight.get(range), f.bias.get(range)),
        rung.apply(options));
  }

  /**
   * Upstream gradients that turn the shard's own factors A = r, T = r (1 - share), with its share
   * of the smoothing, into those of the whole: A = r, and T = r (1 - smoothing) where the target is
   * here, else 0. Both outputs take the same, since A gains what T loses.
   */
  private static RowUpstream upstream(
      HeadFixture f, HeadProblem shard, int[] cuts, int s, double smoothing) {
    double share = shard.options().labelSmoothing();
    float[] u = new float[f.rows];
    for (int i = 0; i < u.length; i++) {
      boolean here = in(f, i, cuts[s], cuts[s + 1]);
      u[i] = (float) (shard.r()[i] * (here ? smoothing - share : 1 - share));
    }
    return new RowUpstream(u, null, u);
  }

  /** Statistics by the lse of all shards; a kernel may form the target's entry from its nll. */
  private static HeadResult.Rows merged(HeadResult.Rows rows, float[] lse) {
    float[] nll = new float[lse.length];
    for (int i = 0; i < nll.length; i++) {
      nll[i] = (float) (rows.nll()[i] + ((double) lse[i] - rows.lse()[i]));
    }
    return new HeadResult.Rows(
        nll, lse, rows.smooth(), null, null, null, null, null, null, null, null);
  }

  private static void copy(NDArray from, float[] into, int at) {
    float[] values = from.toFloatArray();
    System.arraycopy(values, 0, into, at, values.length);
  }
}
