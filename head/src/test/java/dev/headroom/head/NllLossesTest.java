package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.losses.AdaptiveMarginLoss;
import dev.headroom.head.losses.AugmentAndReduce;
import dev.headroom.head.losses.DynamicFineTuning;
import dev.headroom.head.losses.EntropyRegularizer;
import dev.headroom.head.losses.FocalLoss;
import dev.headroom.head.losses.GeneralizedCrossEntropy;
import dev.headroom.head.losses.MarginLoss;
import dev.headroom.head.losses.MaskedDiffusion;
import dev.headroom.head.losses.NllLoss;
import dev.headroom.head.losses.OneVsEach;
import dev.headroom.head.losses.PassAtN;
import dev.headroom.head.losses.SymmetricCrossEntropy;
import dev.headroom.head.losses.Unlikelihood;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The losses of single rows against their definitions from all logits. */
class NllLossesTest {
  private static final double[] EXTREMES = {0, 1e-12, 80, 1e4, Double.POSITIVE_INFINITY};
  private static final long[] SAMPLE = {0, 1, 4, 5, 9, 12};
  private static final boolean[] FIRST = {true, false, false, true, true, false};
  private static final double INF = Double.POSITIVE_INFINITY;

  /**
   * A loss, its definition from a row's logits given the row before any step (whose probability may
   * be held constant), and values and slopes at {@link #EXTREMES}, null where it is no function of
   * nll.
   */
  record Case(
      RowLoss loss,
      Function<Row, ToDoubleFunction<Row>> definition,
      double[] values,
      double[] slopes) {
    @Override
    public String toString() {
      return loss.toString();
    }
  }

  private static Case of(
      RowLoss loss, ToDoubleFunction<Row> definition, double[] values, double[] slopes) {
    return new Case(loss, start -> definition, values, slopes);
  }

  private static double p(Row row) {
    return Math.exp(row.z()[row.target()] - row.lse());
  }

  /**
   * sum over v other than t of exp((z_v - z_t + margin) / temperature), z made at temperature 1.
   */
  private static double others(Row row, double margin) {
    double sum = 0;
    for (int v = 0; v < row.z().length; v++) {
      sum += v == row.target() ? 0 : Math.exp(row.z()[v] - row.z()[row.target()] + margin);
    }
    return sum;
  }

  private static double oneVsEach(Row row) {
    double sum = 0;
    int others = 0;
    for (long v : SAMPLE) {
      double apart = row.z()[(int) v] - row.z()[row.target()];
      sum += v == row.target() ? 0 : Math.log(1 + Math.exp(apart));
      others += v == row.target() ? 0 : 1;
    }
    return 12 * sum / others;
  }

  private static double sum(Row row, boolean first) {
    double sum = 0;
    for (int k = 0; k < SAMPLE.length; k++) {
      int v = (int) SAMPLE[k];
      boolean counts = FIRST[k] == first && v != row.target();
      sum += counts ? Math.exp(row.z()[v] - row.z()[row.target()]) : 0;
    }
    return sum;
  }

  private static int size(Row row, boolean first) {
    int size = 0;
    for (int k = 0; k < SAMPLE.length; k++) {
      size += FIRST[k] == first && SAMPLE[k] != row.target() ? 1 : 0;
    }
    return size;
  }

  /** The bound, eta as the row before any step has it. */
  private static ToDoubleFunction<Row> augmentAndReduce(Row start) {
    int inA = size(start, true);
    double eta = 1 + 12.0 / inA * sum(start, true);
    double each = (12.0 - inA) / size(start, false);
    return row -> Math.log(eta) + (1 + sum(row, true) + each * sum(row, false)) / eta - 1;
  }

  static List<Case> cases() {
    double e40 = Math.exp(40);
    double e80 = Math.exp(-80);
    return List.of(
        of(
            new GeneralizedCrossEntropy(0.7),
            row -> (1 - Math.pow(p(row), 0.7)) / 0.7,
            new double[] {0, 1e-12, 1 / 0.7, 1 / 0.7, 1 / 0.7},
            new double[] {1, 1, Math.exp(-56), 0, 0}),
        of(
            new GeneralizedCrossEntropy(1),
            row -> 1 - p(row),
            new double[] {0, 1e-12, 1, 1, 1},
            new double[] {1, 1, e80, 0, 0}),
        of(new GeneralizedCrossEntropy(0), Row::nll, EXTREMES, new double[] {1, 1, 1, 1, 1}),
        of(
            new GeneralizedCrossEntropy(1e-9),
            Row::nll,
            new double[] {0, 1e-12, 80, 9999.95, 1e9},
            new double[] {1, 1, 1, 0.99999, 0}),
        of(
            new GeneralizedCrossEntropy(-1),
            row -> others(row, 0),
            new double[] {0, 1e-12, 41 * e40, (1e4 - 39) * e40, INF},
            new double[] {1, 1, e40, e40, e40}),
        of(
            new FocalLoss(2),
            row -> Math.pow(1 - p(row), 2) * row.nll(),
            new double[] {0, 1e-36, 80, 1e4, INF},
            new double[] {0, 3e-24, 1, 1, 1}),
        of(
            new FocalLoss(0.5),
            row -> Math.sqrt(1 - p(row)) * row.nll(),
            new double[] {0, 1e-18, 80, 1e4, INF},
            new double[] {0, 1.5e-6, 1, 1, 1}),
        new Case(
            new DynamicFineTuning(),
            start -> row -> p(start) * row.nll(),
            new double[] {0, 1e-12, 80 * e80, 0, 0},
            new double[] {1, 1, e80, 0, 0}),
        of(
            new MarginLoss(1.5),
            row -> Math.log1p(others(row, 1.5)),
            new double[] {0, Math.exp(1.5) * 1e-12, 81.5, 10001.5, INF},
            new double[] {Math.exp(1.5), Math.exp(1.5), 1, 1, 1}),
        of(
            new MarginLoss(-2, 0.5),
            row -> 0.5 * Math.log1p(others(row, -4)),
            new double[] {0, 0.5 * Math.exp(-4) * 1e-12, 38, 4998, INF},
            new double[] {0.5 * Math.exp(-4), 0.5 * Math.exp(-4), 0.5, 0.5, 0.5}),
        of(
            new PassAtN(4, false),
            row -> -Math.log(1 - Math.pow(1 - p(row), 4)),
            new double[] {0, 1e-48, 80 - Math.log(4), 1e4 - Math.log(4), INF},
            new double[] {0, 4e-36, 1, 1, 1}),
        of(new PassAtN(1, false), Row::nll, EXTREMES, new double[] {1, 1, 1, 1, 1}),
        of(
            new Unlikelihood(),
            row -> -Math.log(1 - p(row)),
            new double[] {-Math.log(1e-30), -Math.log(1e-12), e80, 0, 0},
            new double[] {-1e30, -1e12, -e80, 0, 0}),
        of(
            new SymmetricCrossEntropy(0.5, 2, -4),
            row -> 0.5 * row.nll() + 8 * (1 - p(row)),
            new double[] {0, 8.5e-12, 48 - 8 * e80, 5008, INF},
            new double[] {8.5, 8.5, 0.5, 0.5, 0.5}),
        of(new OneVsEach(SAMPLE, 13), NllLossesTest::oneVsEach, null, null),
        new Case(
            new AugmentAndReduce(SAMPLE, 13, FIRST), NllLossesTest::augmentAndReduce, null, null),
        of(new MaskedDiffusion(sequence -> 2.5), row -> 2.5 * row.nll(), null, null),
        of(new EntropyRegularizer(0.3), row -> row.nll() + 0.3 * row.entropy(), null, null),
        of(
            EntropyRegularizer.confidencePenalty(0.1),
            row -> row.nll() - 0.1 * row.entropy(),
            null,
            null));
  }

  private static double value(RowLoss loss, double nll) {
    return loss instanceof PassAtN pass ? pass.value(0, nll) : ((NllLoss) loss).value(nll);
  }

  private static double slope(RowLoss loss, double nll) {
    return loss instanceof PassAtN pass ? pass.slope(0, nll) : ((NllLoss) loss).slope(nll);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void slopesAreThoseOfTheValue(Case c) {
    if (c.values == null || c.loss instanceof DynamicFineTuning) {
      return;
    }
    for (double nll : new double[] {1e-9, 1e-4, 0.03, 0.7, 0.999, 1.001, 2.3, 12, 35, 60, 700}) {
      double h = 1e-5 * nll;
      double expected = (value(c.loss, nll + h) - value(c.loss, nll - h)) / (2 * h);
      double actual = slope(c.loss, nll);
      // the difference of two values near v has an error of the rounding of v over h
      double rounding = 4e-16 * Math.abs(value(c.loss, nll)) / h;
      assertEquals(expected, actual, 1e-7 * Math.abs(actual) + rounding + 1e-300, c + " " + nll);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void staysExactAtTheEnds(Case c) {
    for (int i = 0; c.values != null && i < EXTREMES.length; i++) {
      double nll = EXTREMES[i];
      near(c.values[i], value(c.loss, nll), c + " value at " + nll);
      near(c.slopes[i], slope(c.loss, nll), c + " slope at " + nll);
    }
    if (c.values != null) {
      assertTrue(Double.isNaN(value(c.loss, Double.NaN)), c + " at NaN");
    }
  }

  private static void near(double expected, double actual, String what) {
    double bound = expected == 0 || expected == INF ? 0 : 1e-7 * Math.abs(expected);
    // (0 and -0 alike)
    assertEquals(expected + 0.0, actual + 0.0, bound == 0 ? 1e-300 : bound, what);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithItsDefinitionForAnyUpstreamOfEachRow(Case c) {
    for (Backend backend : List.of(Backend.REFERENCE, Backend.NATIVE_CPU, Backend.PORTABLE)) {
      try (HeadFixture f = new HeadFixture(7, 4, 13)) {
        f.ids[2] = -100;
        HeadOptions options =
            f.options()
                .withReduction(Reduction.NONE)
                .withLogitScale(0.6)
                .withSoftCap(5)
                .withRowLosses(c.loss);
        float[] upstream = f.random(8);
        HeadLoss loss = new HeadLoss(options, backend);
        Outcome actual =
            f.run(
                loss,
                () -> {
                  NDArray rows = loss.evaluate(f.targets(), f.predictions());
                  return rows.mul(rows.getManager().create(upstream));
                });
        RowTruth truth = new RowTruth(f, options);
        List<Row> start = truth.rows();
        ToDoubleFunction<List<Row>> total =
            rows -> {
              double sum = 0;
              for (int i = 0; i < rows.size(); i++) {
                Row row = rows.get(i);
                sum += upstream[row.index()] * c.definition.apply(start.get(i)).applyAsDouble(row);
              }
              return sum;
            };
        double sum = 0;
        for (float row : actual.loss()) {
          sum += row;
        }
        double expected = total.applyAsDouble(start);
        assertEquals(expected, sum, 3e-6 * Math.max(1, Math.abs(expected)), backend + " " + c);
        truth.check(backend + " " + c, total, actual, ErrorBudget.GRADIENT_FLOAT32);
      }
    }
  }

  @Test
  void focalLossDiffersFromReweightingByTheGradientOfItsFactor() {
    try (HeadFixture f = new HeadFixture(6, 4, 13)) {
      HeadOptions options = f.options().withReduction(Reduction.SUM);
      Outcome exact =
          f.run(
              new HeadLoss(options.withRowLosses(new FocalLoss(2))), f.targets(), f.predictions());
      HeadOptions held = options.withReweighting(Reweighting.focal(2));
      Outcome constant = f.run(new HeadLoss(held), f.targets(), f.predictions());
      assertEquals(constant.loss()[0], exact.loss()[0], 1e-5);
      float[] nll = new float[6];
      RowTruth truth = new RowTruth(f, options);
      for (Row row : truth.rows()) {
        nll[row.index()] = (float) row.nll();
      }
      for (int k = 0; k < f.width; k++) {
        double ratio = 1 + 2 * nll[0] / Math.expm1(nll[0]);
        assertEquals(ratio * constant.dE()[k], exact.dE()[k], 1e-5);
      }
    }
  }

  @Test
  void maskedDiffusionWeighsSequencesByTheirNoise() {
    try (HeadFixture f = new HeadFixture(6, 4, 13)) {
      f.ids[0] = -100;
      f.ids[4] = -100;
      double[] times = {0.7, 0.3};
      HeadOptions options =
          f.options()
              .withReduction(Reduction.SUM)
              .withRowLosses(MaskedDiffusion.linear(s -> times[s], 6));
      HeadLoss loss = new HeadLoss(options);
      Outcome actual = f.run(loss, () -> loss.evaluate(f.targets(2, 3), f.predictions(2, 3)));
      ToDoubleFunction<List<Row>> total =
          rows -> rows.stream().mapToDouble(r -> r.nll() / times[r.index() / 3] / 6).sum();
      RowTruth truth = new RowTruth(f, options);
      assertEquals(total.applyAsDouble(truth.rows()), actual.loss()[0], 1e-5);
      truth.check("masked", total, actual, ErrorBudget.GRADIENT_FLOAT32);
      times[1] = 0;
      refused(
          "weight of sequence 1: Infinity",
          () -> loss.evaluate(f.targets(2, 3), f.predictions(2, 3)));
    }
  }

  @Test
  void lossesAreEqualByTheirParameters() {
    assertEquals(new FocalLoss(2), new FocalLoss(2));
    HeadOptions options = HeadOptions.of(13, 4);
    assertEquals(
        options.withRowLosses(new MarginLoss(1)), options.withRowLosses(new MarginLoss(1, 1)));
    assertArrayEquals(new long[0], new FocalLoss(2).listedClasses());
  }

  @Test
  void namesWhatIsWrong() {
    refused("q: -1.5 (expected: -1 or more", () -> new GeneralizedCrossEntropy(-1.5));
    refused("q: NaN", () -> new GeneralizedCrossEntropy(Double.NaN));
    refused("gamma: -1.0 (expected: 0 or a positive number)", () -> new FocalLoss(-1));
    refused("temperature: 0.0 (expected: a positive number)", () -> new MarginLoss(1, 0));
    refused("margin: 9.0 (expected: at most 80 temperatures", () -> new MarginLoss(9, 0.1));
    refused("margin: NaN", () -> new MarginLoss(Double.NaN));
    refused("margin: Infinity", () -> new AdaptiveMarginLoss(INF, row -> 1));
    refused("temperature: null", () -> new AdaptiveMarginLoss(1, null));
    refused("attempts: 0 (expected: at least 1)", () -> new PassAtN(0, true));
    refused("weight: Infinity (expected: a finite", () -> new EntropyRegularizer(INF));
    refused("weight: null", () -> new MaskedDiffusion(null));
    refused("positions: 0 (expected: at least 1)", () -> MaskedDiffusion.linear(s -> 1, 0));
  }

  static void refused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains(" (expected: "), message);
  }
}
