package dev.headroom.head;

import static dev.headroom.head.RowLossSamples.LISTED;
import static dev.headroom.head.RowLossSamples.least;
import static dev.headroom.head.RowLossSamples.loss;
import static dev.headroom.head.RowLossSamples.set;
import static dev.headroom.head.RowLossSamples.small;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowLossSamples.Mixed;
import dev.headroom.head.RowLossSamples.Power;
import dev.headroom.head.RowLossSamples.SquaredSum;
import dev.headroom.head.RowLossSamples.Watched;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.internal.Rung;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds losses of rows on every rung against a float64 definition and its central differences, or
 * against the reference where there are too many entries for differences.
 */
class RowLossContractTest {
  private static HeadOptions options(HeadFixture f) {
    return f.options()
        .withLogitScale(0.7)
        .withSoftCap(4)
        .withZLoss(0.02)
        .withClassWeights(ReweightingTest.weights(f.classes));
  }

  private static double listed(Row row) {
    double sum = 0;
    for (int k = 0; k < LISTED.length; k++) {
      sum += Math.tanh((k + 1) * row.z()[(int) LISTED[k]] / 4);
    }
    return sum;
  }

  private static double mixed(Row row) {
    return row.target() % 4 == 2
        ? 0
        : Mixed.value(row.nll(), row.lse(), row.entropy(), listed(row));
  }

  /** Each row's loss, multiplied by what comes from above and the divisors of a mean. */
  private static double[] weighted(
      List<Row> rows, HeadOptions options, float[] w, boolean replaces, float[] upstream) {
    float[] classWeights = options.classWeights();
    double[] divisors = new double[3];
    for (Row row : rows) {
      double classWeight = classWeights[row.target()];
      boolean takes = row.target() % 4 != 2;
      divisors[0] += w[row.index()] * classWeight * (takes || !replaces ? 1 : 0);
      divisors[1] += w[row.index()];
      divisors[2] += takes ? w[row.index()] : 0;
    }
    if (options.reduction() != Reduction.MEAN) {
      Arrays.fill(divisors, 1);
    }
    double[] losses = new double[upstream.length];
    for (Row row : rows) {
      double classWeight = classWeights[row.target()];
      double power = Math.pow(row.nll(), 1.5) / divisors[1];
      double z = options.zLoss() * row.lse() * row.lse() / divisors[1];
      double own =
          replaces
              ? classWeight * mixed(row) / divisors[0]
              : classWeight * row.nll() / divisors[0] + mixed(row) / divisors[2];
      losses[row.index()] = upstream[row.index()] * w[row.index()] * (own + power + z);
    }
    return losses;
  }

  private static NDArray times(NDArray losses, float[] upstream) {
    return losses.mul(losses.getManager().create(upstream));
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void gradientsAreSlopesInEveryReduction(Rung rung) {
    for (Reduction reduction : Reduction.values()) {
      for (boolean replaces : new boolean[] {true, false}) {
        try (HeadFixture f = small()) {
          HeadOptions options =
              options(f).withReduction(reduction).withRowLosses(new Power(), new Mixed(replaces));
          float[] weights = f.random(3);
          float[] upstream = f.random(reduction == Reduction.NONE ? 5 : 3);
          if (reduction != Reduction.NONE) {
            Arrays.fill(upstream, 1);
          }
          HeadLoss loss = loss(rung, options);
          Outcome actual =
              f.run(
                  loss,
                  () -> {
                    NDArray value = loss.evaluate(f.targets(weights), f.predictions());
                    return reduction == Reduction.NONE ? times(value, upstream) : value;
                  });
          RowTruth truth = new RowTruth(f, options);
          ToDoubleFunction<List<Row>> total =
              rows -> Arrays.stream(weighted(rows, options, weights, replaces, upstream)).sum();
          String what = rung + " " + reduction + " in place of cross-entropy: " + replaces;
          double sum =
              IntStream.range(0, actual.loss().length).mapToDouble(i -> actual.loss()[i]).sum();
          rung.loss()
              .check(
                  what,
                  new float[] {(float) total.applyAsDouble(truth.rows())},
                  new float[] {(float) sum},
                  10);
          truth.check(what, total, actual, rung.gradient());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void everyChunkIsFormedOnceAndAgreesWithTheReference(Rung rung) {
    try (HeadFixture f = new HeadFixture(75, 20, 1300)) {
      f.ids[9] = -100;
      f.ids[70] = -100;
      HeadOptions options = f.options().withZLoss(0.01).withRowLosses(new Mixed(true), new Power());
      HeadLoss reference = new HeadLoss(options, Backend.REFERENCE);
      Outcome expected = f.run(reference, f.targets(), f.predictions());
      HeadOptions tight = options.withWorkspaceBytes(least(rung, f));
      for (Delivery delivery : Delivery.values()) {
        HeadLoss loss = loss(rung, tight.withDelivery(delivery));
        Outcome actual = f.run(loss, () -> loss.evaluate(f.targets(), f.predictions()));
        String what = rung + " " + delivery;
        rung.loss().check(what, expected.loss(), actual.loss(), 10);
        rung.gradient().check("dE " + what, expected.dE(), actual.dE(), 1e-2);
        rung.gradient().check("dC " + what, expected.dC(), actual.dC(), 1e-2);
        rung.gradient().check("dB " + what, expected.dB(), actual.dB(), 1e-2);
      }
      List<Integer> seen = new ArrayList<>();
      int[] chunks = new int[1];
      RowLoss watched =
          new Watched(
              rows -> {
                chunks[0]++;
                IntStream.range(0, rows.size()).forEach(i -> seen.add(rows.row(i)));
              });
      HeadLoss loss = loss(rung, tight.withRowLosses(watched));
      f.run(loss, f.targets(), f.predictions());
      List<Integer> kept = IntStream.range(0, 75).filter(i -> i != 9 && i != 70).boxed().toList();
      assertEquals(kept, seen);
      assertTrue(chunks[0] > 1, rung + ": " + chunks[0] + " chunks");
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void rowsMayDependOnEachOther(Rung rung) {
    for (Delivery delivery : Delivery.values()) {
      try (HeadFixture f = small()) {
        HeadOptions options =
            f.options().withDelivery(delivery).withRowLosses(new SquaredSum(), new Power());
        HeadLoss loss = loss(rung, options);
        Outcome actual = f.run(loss, () -> loss.evaluate(f.targets(), f.predictions()));
        ToDoubleFunction<List<Row>> total =
            rows -> {
              double sum = rows.stream().mapToDouble(Row::nll).sum();
              double powers = rows.stream().mapToDouble(row -> Math.pow(row.nll(), 1.5)).sum();
              return (sum * sum + powers) / rows.size();
            };
        String what = rung + " " + delivery;
        new RowTruth(f, options).check(what, total, actual, rung.gradient());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void validationGivesTheSameValueAsTraining(Rung rung) {
    try (HeadFixture f = small()) {
      for (RowLoss own : List.of(new Mixed(true), new SquaredSum())) {
        HeadLoss loss = loss(rung, f.options().withRowLosses(own));
        float trained = f.run(loss, f.targets(), f.predictions()).loss()[0];
        NDList other = f.predictions().toDevice(f.hidden.getDevice(), true);
        assertEquals(trained, loss.evaluate(f.targets(), other).getFloat(), 1e-4, "" + own);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void aFrozenBodyStillTrainsTheClassifier(Rung rung) {
    try (HeadFixture f = small()) {
      for (Reduction reduction : Reduction.values()) {
        HeadOptions options = f.options().withReduction(reduction).withRowLosses(new Mixed(true));
        HeadLoss loss = loss(rung, options);
        Outcome whole = f.run(loss, () -> loss.evaluate(f.targets(), f.predictions()));
        NDArray frozen = f.hidden.duplicate();
        frozen.setRequiresGradient(false);
        Outcome part =
            f.run(loss, () -> loss.evaluate(f.targets(), new NDList(frozen, f.weight, f.bias)));
        assertArrayEquals(whole.loss(), part.loss(), 1e-6f, rung + " " + reduction);
        assertArrayEquals(whole.dC(), part.dC(), 1e-5f, rung + " " + reduction);
        assertNotEquals(0, part.dC()[0]);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void givesNothingWhereNoRowTakesPart(Rung rung) {
    try (HeadFixture f = small()) {
      for (long id : new long[] {-100, 2}) {
        Arrays.fill(f.ids, id);
        for (Reduction reduction : Reduction.values()) {
          HeadOptions options = f.options().withReduction(reduction).withRowLosses(new Mixed(true));
          Outcome actual = f.run(loss(rung, options), f.targets(), f.predictions());
          assertArrayEquals(new float[actual.loss().length], actual.loss());
          assertArrayEquals(new float[28], actual.dE());
          assertArrayEquals(new float[52], actual.dC());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
  void aFilterKeepsListedClasses(Rung rung) {
    Rung plain = new Rung(rung.backend(), Engine.RECOMPUTED, rung.compute(), rung.gemm());
    if (!rung.isNative() || rung.engine() == Engine.KEPT) {
      return;
    }
    try (HeadFixture f = new HeadFixture(75, 20, 1300)) {
      // class 0 has no probability and is listed all the same
      float[] bias = f.bias.toFloatArray();
      bias[0] = -40;
      set(f.bias, bias);
      HeadOptions options = f.options().withRowLosses(new Mixed(true));
      Outcome expected =
          f.run(new HeadLoss(options, Backend.REFERENCE), f.targets(), f.predictions());
      HeadLoss loss = loss(plain, options.withFilter(GradientFilter.below(1e-9)));
      Outcome actual = f.run(loss, f.targets(), f.predictions());
      ErrorBudget budget = plain.gradient();
      budget.check("dE " + rung, expected.dE(), actual.dE(), 1e-2);
      budget.check("dC " + rung, expected.dC(), actual.dC(), 1e-2);
    }
  }

  @Test
  void reweightingDoesNotReachAnAddedLoss() {
    try (HeadFixture f = small()) {
      HeadOptions reweighted = f.options().withReweighting(Reweighting.focal(2));
      HeadLoss alone = new HeadLoss(reweighted);
      HeadLoss both = new HeadLoss(reweighted.withRowLosses(new Power()));
      List<Row> rows = new RowTruth(f, reweighted).rows();
      double powers = rows.stream().mapToDouble(row -> Math.pow(row.nll(), 1.5)).sum();
      Outcome expected = f.run(alone, f.targets(), f.predictions());
      Outcome actual = f.run(both, f.targets(), f.predictions());
      assertEquals(expected.loss()[0] + powers / rows.size(), actual.loss()[0], 1e-4);
    }
  }
}
