package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import dev.headroom.head.internal.Rung;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds losses of rows on every rung against a float64 definition and its central differences, or
 * against the reference where there are too many entries for differences.
 */
class RowLossContractTest {
  private static final long[] LISTED = {0, 3, 4, 11};

  static List<Rung> rungs() {
    List<Rung> rungs = new ArrayList<>(Rung.all());
    rungs.add(0, new Rung(Backend.REFERENCE, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO));
    return rungs;
  }

  /**
   * All four statistics in a product, so that no derivative is a constant; not for every target.
   */
  private record Mixed(boolean replacesCrossEntropy) implements RowLoss {
    @Override
    public boolean needsEntropy() {
      return true;
    }

    @Override
    public long[] listedClasses() {
      return LISTED.clone();
    }

    @Override
    public boolean takesPart(long target) {
      return target % 4 != 2;
    }

    static double value(double nll, double lse, double entropy, double listed) {
      return Math.sqrt(1 + nll * nll) + Math.sin(lse) * entropy + listed * lse;
    }

    @Override
    public void form(RowBatch rows) {
      for (int i = 0; i < rows.size(); i++) {
        double nll = rows.nll(i);
        double lse = rows.lse(i);
        double listed = 0;
        for (int k = 0; k < LISTED.length; k++) {
          listed += Math.tanh((k + 1) * rows.listed(i, k) / 4);
          double cosh = Math.cosh((k + 1) * rows.listed(i, k) / 4);
          rows.setListed(i, k, lse * (k + 1) / 4 / cosh / cosh);
        }
        rows.set(
            i,
            value(nll, lse, rows.entropy(i), listed),
            nll / Math.sqrt(1 + nll * nll),
            Math.cos(lse) * rows.entropy(i) + listed,
            Math.sin(lse));
      }
    }
  }

  /** The cross-entropy to the power 1.5, added. */
  private record Power() implements RowLoss {
    @Override
    public boolean replacesCrossEntropy() {
      return false;
    }

    @Override
    public void form(RowBatch rows) {
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, Math.pow(rows.nll(i), 1.5), 1.5 * Math.sqrt(rows.nll(i)));
      }
    }
  }

  /** The square of the sum over all rows, of which each row has an equal share. */
  private record SquaredSum() implements RowLoss {
    @Override
    public boolean eachRowAlone() {
      return false;
    }

    @Override
    public void form(RowBatch rows) {
      double sum = IntStream.range(0, rows.size()).mapToDouble(rows::nll).sum();
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, sum * sum / rows.size(), 2 * sum);
      }
    }
  }

  /** The cross-entropy, and whatever else a test does with a batch. */
  private record Watched(Consumer<RowBatch> watcher) implements RowLoss {
    @Override
    public void form(RowBatch rows) {
      watcher.accept(rows);
      for (int i = 0; i < rows.size(); i++) {
        rows.set(i, rows.nll(i), 1);
      }
    }
  }

  private static HeadFixture small() {
    HeadFixture f = new HeadFixture(7, 4, 13);
    f.ids[1] = -100;
    f.ids[3] = 3;
    f.ids[4] = 6;
    return f;
  }

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

  private static HeadLoss loss(Rung rung, HeadOptions options) {
    return new HeadLoss("rung", rung.apply(options), rung.kernels());
  }

  private static NDArray times(NDArray losses, float[] upstream) {
    return losses.mul(losses.getManager().create(upstream));
  }

  @ParameterizedTest
  @MethodSource("rungs")
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
  @MethodSource("rungs")
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

  private static long least(Rung rung, HeadFixture f) {
    if (rung.backend() != Backend.NATIVE_CPU) {
      return 1;
    }
    HeadLoss starved = loss(rung, f.options().withRowLosses(new Mixed(true)).withWorkspaceBytes(1));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> f.run(starved, f.targets(), f.predictions()))
            .getMessage();
    return Long.parseLong(message.replaceAll(".*at least (\\d+) .*", "$1"));
  }

  @ParameterizedTest
  @MethodSource("rungs")
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
  @MethodSource("rungs")
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
  @MethodSource("rungs")
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
  @MethodSource("rungs")
  void whatALossThrowsArrivesAndTheNextCallIsGood(Rung rung) {
    for (Throwable thrown : List.of(new IllegalStateException("mine"), new AssertionError("own"))) {
      for (Reduction reduction : Reduction.values()) {
        try (HeadFixture f = new HeadFixture(75, 20, 1300)) {
          int[] rows = new int[1];
          boolean[] armed = {true};
          RowLoss failing =
              new Watched(
                  batch -> {
                    rows[0] += batch.size();
                    if (armed[0] && rows[0] > 20) {
                      HeadFixture.<RuntimeException>sneak(thrown);
                    }
                  });
          // (a gradient pass after the statistics needs more room)
          long bytes = reduction == Reduction.NONE ? 16 << 20 : least(rung, f);
          HeadOptions options = f.options().withReduction(reduction).withWorkspaceBytes(bytes);
          HeadLoss loss = loss(rung, options.withRowLosses(failing));
          NDList labels = f.targets();
          int open = f.manager.getManagedArrays().size();
          Throwable actual =
              assertThrows(thrown.getClass(), () -> f.run(loss, labels, f.predictions()));
          assertEquals(open, f.manager.getManagedArrays().size(), rung + ": arrays left open");
          assertSame(thrown, actual);
          int formed = rows[0];
          boolean chunks = reduction != Reduction.NONE;
          assertTrue(!chunks || formed < 75, rung + ": went on after a failure, rows " + formed);
          armed[0] = false;
          Outcome again = f.run(loss, f.targets(), f.predictions());
          Outcome plain = f.run(loss(rung, options), f.targets(), f.predictions());
          assertArrayEquals(plain.loss(), again.loss(), 1e-6f);
          assertArrayEquals(plain.dC(), again.dC(), 1e-6f);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void theLossKeepsItsDigitsWhereTheTargetTakesAlmostAll(Rung rung) {
    try (HeadFixture f = new HeadFixture(1, 1, 2)) {
      // nll = log(1 + exp(-gap)); 27.5 is a bfloat16
      f.ids[0] = 0;
      double[] gaps = {-Math.log(Math.expm1(1e-12)), 27.5, 60};
      for (double gap : gaps) {
        if (gap == gaps[0] && rung.compute() == ComputeType.BFLOAT16) {
          continue;
        }
        set(f.hidden, 1);
        set(f.weight, (float) gap, 0);
        set(f.bias, 0, 0);
        double[] seen = new double[1];
        HeadOptions options = f.options();
        HeadLoss loss =
            loss(rung, options.withRowLosses(new Watched(rows -> seen[0] = rows.nll(0))));
        Outcome actual = f.run(loss, f.targets(), f.predictions());
        double nll = Math.log1p(Math.exp(-gap));
        if (rung.backend() == Backend.PORTABLE) {
          // its nll is a difference of float32 numbers of the size of the gap
          assertEquals(nll, seen[0], 1e-5, rung + " gap " + gap);
        } else {
          assertEquals(nll, seen[0], 1e-5 * nll, rung + " gap " + gap);
          double dE = -gap * nll;
          boolean visible = rung.backend() == Backend.NATIVE_CPU || gap < 30;
          assertEquals(visible ? dE : 0, actual.dE()[0], visible ? -1e-2 * dE : 1e-15);
          assertEquals(visible, actual.dE()[0] != 0, rung + " gap " + gap);
        }
      }
    }
  }

  private static void set(NDArray array, float... values) {
    try (NDArray fresh = array.getManager().create(values, array.getShape())) {
      fresh.copyTo(array);
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void anInfiniteLogitIsNeverHidden(Rung rung) {
    // a loss that is 1 whatever happens
    RowLoss bounded =
        new RowLoss() {
          @Override
          public void form(RowBatch rows) {
            IntStream.range(0, rows.size()).forEach(i -> rows.set(i, 1, 0));
          }
        };
    try (HeadFixture f = new HeadFixture(3, 4, 700)) {
      HeadOptions options = f.options().withRowLosses(bounded);
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        float[] bias = new float[700];
        bias[650] = poison;
        set(f.bias, bias);
        HeadLoss loss = loss(rung, options);
        assertTrue(Float.isNaN(loss.evaluate(f.targets(), f.predictions()).getFloat()));
        assertEquals(3, loss.nonFiniteRows(), rung + " " + poison);
      }
      // an absent target is no poison
      float[] bias = new float[700];
      bias[(int) f.ids[0]] = Float.NEGATIVE_INFINITY;
      set(f.bias, bias);
      assertEquals(1, loss(rung, options).evaluate(f.targets(), f.predictions()).getFloat(), 1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("rungs")
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
  @MethodSource("rungs")
  void aFilterKeepsListedClasses(Rung rung) {
    Rung plain = new Rung(rung.backend(), Engine.RECOMPUTED, rung.compute(), rung.gemm());
    if (rung.backend() != Backend.NATIVE_CPU || rung.engine() == Engine.KEPT) {
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

  @Test
  void aSequenceHasOneLossAndAMeanRunsOverSequences() {
    record Sequences(List<List<Integer>> seen) implements RowLoss {
      @Override
      public boolean perSequence() {
        return true;
      }

      @Override
      public void form(RowBatch rows) {
        for (int i = 0; i < rows.size(); i++) {
          seen.get(rows.sequence(i)).add(rows.row(i));
          boolean first = i == 0 || rows.sequence(i) != rows.sequence(i - 1);
          rows.set(i, first ? 10 * (1 + rows.sequence(i)) : 0, 1);
        }
      }
    }
    try (HeadFixture f = new HeadFixture(6, 4, 13)) {
      f.ids[0] = -100;
      List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>());
      HeadLoss loss = new HeadLoss(f.options().withRowLosses(new Sequences(seen)));
      NDList predictions = new NDList(f.hidden.reshape(2, 3, 4), f.weight, f.bias);
      NDList labels =
          new NDList(
              f.manager.create(f.ids, new Shape(2, 3)),
              f.manager.create(new float[] {1, 0.5f, 0.5f, 2, 0, 2}, new Shape(2, 3)));
      assertEquals((10 * 0.5 + 20 * 2) / 2.5, loss.evaluate(labels, predictions).getFloat(), 1e-5);
      assertEquals(List.of(List.of(1, 2), List.of(3, 5)), seen);
      labels.set(1, f.manager.create(new float[] {1, 0.5f, 0.25f, 2, 0, 2}, new Shape(2, 3)));
      assertEquals(
          "weight of row 2: 0.5 times that of row 1 (expected: 0 or the same, since a sequence has one"
              + " loss; class weights differ by row)",
          assertThrows(IllegalArgumentException.class, () -> loss.evaluate(labels, predictions))
              .getMessage());
    }
  }

  @Test
  void namesWhatCannotBeCombined() {
    HeadOptions plain = HeadOptions.of(13, 4);
    RowLoss mixed = new Mixed(true);
    RowLoss added = new Mixed(false);
    refused("rowLosses: [", () -> plain.withRowLosses(mixed, new SquaredSum()));
    refused("rowLosses: [", () -> plain.withRowLosses(mixed, added));
    refused("rowLosses: [", () -> plain.withLabelSmoothing(0.1).withRowLosses(mixed));
    refused("rowLosses: [", () -> plain.withSoftTargets(2).withRowLosses(mixed));
    refused("softTargets: 2", () -> plain.withSoftTargets(2).withRowLosses(added));
    refused(
        "rowLosses: [", () -> plain.withRowLosses(mixed).withReweighting(Reweighting.linear(0.5)));
    refused(
        "reduction: NONE",
        () -> plain.withReduction(Reduction.NONE).withRowLosses(new SquaredSum()));
    refused("class of ", () -> HeadOptions.of(11, 4).withRowLosses(mixed));
    RowLoss unsorted =
        new RowLoss() {
          @Override
          public long[] listedClasses() {
            return new long[] {3, 3};
          }

          @Override
          public void form(RowBatch rows) {}
        };
    refused("class of ", () -> plain.withRowLosses(unsorted));
    plain.withLabelSmoothing(0.1).withReweighting(Reweighting.linear(1)).withRowLosses(added);
  }

  private static void refused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains(" (expected: "), message);
  }
}
