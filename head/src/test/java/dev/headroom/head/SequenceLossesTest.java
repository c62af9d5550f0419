package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.losses.NegativePreference;
import dev.headroom.head.losses.PassAtN;
import dev.headroom.head.losses.SequenceLoss;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The losses of sequences against their definitions from the sequences' probabilities. */
class SequenceLossesTest {
  private static final double[] REFERENCE = {-4, -9, -2.5};
  private static final double INF = Double.POSITIVE_INFINITY;

  /** A loss of a sequence and its definition by the sequence's probability. */
  record Case(SequenceLoss loss, Definition definition) {
    @Override
    public String toString() {
      return loss.getClass().getSimpleName();
    }
  }

  /** A loss by number and probability of a sequence. */
  interface Definition {
    double of(int sequence, double p);
  }

  static List<Case> cases() {
    return List.of(
        new Case(new PassAtN(16, true), (s, p) -> -Math.log(1 - Math.pow(1 - p, 16))),
        new Case(
            new NegativePreference(0.1, s -> REFERENCE[s]),
            (s, p) -> 2 / 0.1 * Math.log(1 + Math.pow(p / Math.exp(REFERENCE[s]), 0.1))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithItsDefinition(Case c) {
    for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE_CPU, Backend.PORTABLE)) {
      for (Reduction reduction : List.of(Reduction.SUM, Reduction.MEAN)) {
        try (HeadFixture f = new HeadFixture(9, 4, 13)) {
          // a prompt, padding, and weights of sequences
          f.ids[0] = -100;
          f.ids[5] = -100;
          float[] w = {7, 0.5f, 0.5f, 2, 2, 2, 1, 0, 1};
          HeadOptions options =
              f.options().withLogitScale(0.3).withReduction(reduction).withRowLosses(c.loss);
          HeadLoss loss = new HeadLoss(options, backend);
          float upstream = -0.7f;
          Outcome actual =
              f.run(
                  loss,
                  () -> {
                    NDList labels = f.targets(3, 3);
                    labels.add(f.manager.create(w).reshape(3, 3));
                    return loss.evaluate(labels, f.predictions(3, 3)).mul(upstream);
                  });
          ToDoubleFunction<List<Row>> total =
              rows -> {
                double[] nll = new double[3];
                rows.forEach(row -> nll[row.index() / 3] += w[row.index()] == 0 ? 0 : row.nll());
                double sum = 0;
                for (int s = 0; s < 3; s++) {
                  sum += w[s * 3 + 2] * c.definition.of(s, Math.exp(-nll[s]));
                }
                return upstream * sum / (reduction == Reduction.MEAN ? 3.5 : 1);
              };
          RowTruth truth = new RowTruth(f, options);
          double expected = total.applyAsDouble(truth.rows());
          String what = c + " " + backend + " " + reduction;
          assertEquals(expected, actual.loss()[0], 1e-5 * Math.abs(expected), what);
          truth.check(what, total, actual, ErrorBudget.GRADIENT_FLOAT32);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void slopesAreThoseOfTheValue(Case c) {
    for (double nll : new double[] {1e-4, 0.3, 0.99, 1.01, 3, 9, 44, 200}) {
      double h = 1e-5 * nll;
      double expected = (c.loss.value(1, nll + h) - c.loss.value(1, nll - h)) / (2 * h);
      double rounding = 4e-16 * Math.abs(c.loss.value(1, nll)) / h;
      double slope = c.loss.slope(1, nll);
      assertEquals(expected, slope, 1e-7 * Math.abs(slope) + rounding, c + " " + nll);
    }
    assertTrue(Double.isNaN(c.loss.value(0, Double.NaN)));
    assertTrue(Double.isNaN(c.loss.slope(0, Double.NaN)));
  }

  @Test
  void staysExactAtTheEnds() {
    PassAtN pass = new PassAtN(1000, true);
    assertEquals(0, pass.value(0, 0));
    assertEquals(0, pass.slope(0, 0));
    assertEquals(0, pass.value(0, 1e-12));
    assertEquals(1e4 - Math.log(1000), pass.value(0, 1e4), 1e-9);
    assertEquals(1, pass.slope(0, 1e4));
    assertEquals(INF, pass.value(0, INF));
    assertEquals(1, pass.slope(0, INF));
    // where the far form takes over
    double turn = 40 + Math.log(1000);
    assertEquals(pass.value(0, turn - 1e-9), pass.value(0, turn + 1e-9), 1e-8);
    NegativePreference npo = new NegativePreference(0.5, s -> -3);
    assertEquals(2 * (0.5 * 3 + Math.log1p(Math.exp(-1.5))) / 0.5, npo.value(0, 0), 1e-12);
    assertEquals(0, npo.value(0, INF));
    assertEquals(0, npo.slope(0, INF) + 0.0);
    assertEquals(0, npo.value(0, 1e4));
    assertEquals(-2, new NegativePreference(1, s -> -1e4).slope(0, 1), 1e-12);
    assertEquals(2e4 - 2, new NegativePreference(1, s -> -1e4).value(0, 1), 1e-9);
  }

  @Test
  void namesWhatIsWrong() {
    NllLossesTest.refused(
        "beta: 0.0 (expected: a positive", () -> new NegativePreference(0, s -> 0));
    NllLossesTest.refused("reference: null", () -> new NegativePreference(1, null));
    HeadOptions each = HeadOptions.of(13, 4).withReduction(Reduction.NONE);
    NllLossesTest.refused("reduction: NONE", () -> each.withRowLosses(new PassAtN(2, true)));
    assertEquals(1, each.withRowLosses(new PassAtN(2, false)).rowLosses().size());
  }
}
