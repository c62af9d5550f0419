package dev.headroom.head;

import static dev.headroom.head.RowLossSamples.least;
import static dev.headroom.head.RowLossSamples.loss;
import static dev.headroom.head.RowLossSamples.set;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowLossSamples.Mixed;
import dev.headroom.head.RowLossSamples.SquaredSum;
import dev.headroom.head.RowLossSamples.Watched;
import dev.headroom.head.internal.Rung;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds losses of rows on every rung to what happens at the edges, and names what is refused. */
class RowLossEdgesTest {

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
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
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
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
          boolean visible = rung.isNative() || gap < 30;
          assertEquals(visible ? dE : 0, actual.dE()[0], visible ? -1e-2 * dE : 1e-15);
          assertEquals(visible, actual.dE()[0] != 0, rung + " gap " + gap);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.headroom.head.RowLossSamples#rungs")
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
