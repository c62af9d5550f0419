package dev.headroom.head;

import static dev.headroom.head.NllLossesTest.refused;
import static dev.headroom.head.RowLossSamples.set;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.losses.DecoupledSoftmax;
import dev.headroom.head.losses.EditInvariant;
import dev.headroom.head.losses.PairwiseSoftmax;
import dev.headroom.head.losses.PairwiseSoftmax.Surrogate;
import dev.headroom.head.losses.TruncatedTopK;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The losses of listed logits against their definitions from all logits. */
class ListedLossesTest {
  private static final List<Backend> BACKENDS =
      List.of(Backend.REFERENCE, Backend.NATIVE_CPU, Backend.PORTABLE);
  private static final long[][] LISTS = {
    {4, 0, 12}, {7}, {}, {1, 2, 3, 5, 8}, {12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, {6, 2}, {9}
  };
  private static final long[] SHARED = {0, 3, 4, 9};

  /** A loss and its definition from a row's logits. */
  record Case(RowLoss loss, ToDoubleFunction<Row> definition) {
    @Override
    public String toString() {
      return loss.toString();
    }
  }

  private static double weight(int k) {
    return 0.5 + k;
  }

  private static double decoupled(Row row) {
    List<Long> positives = Arrays.stream(LISTS[row.index()]).boxed().toList();
    double negatives = 0;
    for (int v = 0; v < row.z().length; v++) {
      negatives += positives.contains((long) v) ? 0 : Math.exp(row.z()[v]);
    }
    double sum = 0;
    for (int k = 0; k < positives.size(); k++) {
      double z = row.z()[positives.get(k).intValue()];
      sum += weight(k) * Math.log(1 + negatives / Math.exp(z));
    }
    return sum;
  }

  private static double truncated(Row row, int k) {
    double[] others =
        IntStream.range(0, row.z().length)
            .filter(v -> v != row.target())
            .mapToDouble(v -> row.z()[v])
            .sorted()
            .toArray();
    double sum = 0;
    for (int j = 0; j < others.length - (k - 1); j++) {
      sum += Math.exp(others[j] - row.z()[row.target()]);
    }
    return Math.log(1 + sum);
  }

  private static double pairwise(Row row, long[] list, DoubleUnaryOperator sigma) {
    double sum = 0;
    int count = 0;
    for (long v : list) {
      if (v != row.target()) {
        double s = sigma.applyAsDouble(row.z()[(int) v] - row.z()[row.target()]);
        sum += Math.pow(Math.max(s, Math.pow(2, -24)), 1 / 0.4);
        count++;
      }
    }
    return count == 0 ? 0 : Math.log(sum / count);
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    cases.add(
        new Case(
            new DecoupledSoftmax(
                row -> LISTS[row],
                row -> IntStream.range(0, LISTS[row].length).mapToDouble(k -> weight(k)).toArray()),
            ListedLossesTest::decoupled));
    for (int k : new int[] {1, 2, 5, 13}) {
      cases.add(new Case(new TruncatedTopK(k), row -> truncated(row, k)));
    }
    List<DoubleUnaryOperator> sigmas =
        List.of(d -> Math.tanh(d) + 1, d -> Math.atan(d) + 1, d -> d + 1);
    for (Surrogate surrogate : Surrogate.values()) {
      DoubleUnaryOperator sigma = sigmas.get(surrogate.ordinal());
      cases.add(
          new Case(
              PairwiseSoftmax.shared(surrogate, 0.4, SHARED), row -> pairwise(row, SHARED, sigma)));
      cases.add(
          new Case(
              PairwiseSoftmax.byRow(surrogate, 0.4, row -> LISTS[row]),
              row -> pairwise(row, LISTS[row.index()], sigma)));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithItsDefinitionForAnyUpstreamOfEachRow(Case c) {
    for (Backend backend : BACKENDS) {
      try (HeadFixture f = new HeadFixture(7, 4, 13)) {
        f.ids[1] = -100;
        HeadOptions options =
            f.options()
                .withReduction(Reduction.NONE)
                .withLogitScale(0.3)
                .withSoftCap(5)
                .withRowLosses(c.loss);
        float[] upstream = f.random(8);
        upstream[3] *= -1;
        HeadLoss loss = new HeadLoss(options, backend);
        Outcome actual =
            f.run(
                loss,
                () -> {
                  NDArray rows = loss.evaluate(f.targets(), f.predictions());
                  return rows.mul(rows.getManager().create(upstream));
                });
        ToDoubleFunction<List<Row>> total =
            rows ->
                rows.stream()
                    .mapToDouble(row -> upstream[row.index()] * c.definition.applyAsDouble(row))
                    .sum();
        RowTruth truth = new RowTruth(f, options);
        String what = backend + " " + c;
        float[] expected = new float[7];
        for (Row row : truth.rows()) {
          double own = c.definition.applyAsDouble(row);
          expected[row.index()] = (float) (upstream[row.index()] * own);
        }
        assertArrayEquals(expected, actual.loss(), 1e-5f, what);
        truth.check(what, total, actual, ErrorBudget.GRADIENT_FLOAT32);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void trainsChunkByChunkAsInOneGo(Case c) {
    for (Backend backend : BACKENDS) {
      try (HeadFixture f = new HeadFixture(7, 4, 13)) {
        f.ids[0] = -100;
        HeadOptions options = f.options().withRowLosses(c.loss);
        Outcome together = f.run(new HeadLoss(options, backend), f.targets(), f.predictions());
        ToDoubleFunction<List<Row>> mean =
            rows -> rows.stream().mapToDouble(c.definition).sum() / rows.size();
        RowTruth truth = new RowTruth(f, options);
        String what = backend + " " + c;
        double expected = mean.applyAsDouble(truth.rows());
        assertEquals(expected, together.loss()[0], 1e-5 * Math.max(1, Math.abs(expected)), what);
        truth.check(what, mean, together, ErrorBudget.GRADIENT_FLOAT32);
      }
    }
  }

  /**
   * One row of given logits: e is 1, so that dC is the gradient of each; infinite ones are biases.
   */
  private static Outcome ofLogits(Backend backend, RowLoss loss, long target, float... logits) {
    try (HeadFixture f = new HeadFixture(1, 1, logits.length)) {
      f.ids[0] = target;
      set(f.hidden, 1);
      float[] bias = new float[logits.length];
      for (int v = 0; v < bias.length; v++) {
        bias[v] = Float.isFinite(logits[v]) ? 0 : logits[v];
        logits[v] = Float.isFinite(logits[v]) ? logits[v] : 0;
      }
      set(f.weight, logits);
      set(f.bias, bias);
      HeadLoss head = new HeadLoss(f.options().withRowLosses(loss), backend);
      return f.run(head, f.targets(), f.predictions());
    }
  }

  @Test
  void decoupledSoftmaxStaysExactAtTheEnds() {
    RowLoss loss = new DecoupledSoftmax(row -> new long[] {2, 0}, row -> new double[] {1, 2});
    for (Backend backend : BACKENDS) {
      // positives take all but e^-30 of the mass
      Outcome sure = ofLogits(backend, loss, 1, 30, 0, 30, -1);
      double rest = 1 + Math.exp(-1);
      double odds = rest * Math.exp(-30);
      assertEquals(3 * odds, sure.loss()[0], 3e-5 * odds, backend + "");
      assertEquals(-2 * odds, sure.dC()[0], 3e-5 * odds, backend + "");
      assertEquals(3 * odds / rest, sure.dC()[1], 3e-5 * odds, backend + "");
      // and none of it
      Outcome lost = ofLogits(backend, loss, 1, -1e4f, 0, -2e4f, -1);
      assertEquals(4e4 + 3 * Math.log(rest), lost.loss()[0], 1e-2, backend + "");
      assertArrayEquals(
          new float[] {-2, (float) (3 / rest), -1, (float) (3 - 3 / rest)}, lost.dC(), 1e-5f);
      // no negatives left, masked or not there
      for (float[] logits : new float[][] {{1, Float.NEGATIVE_INFINITY, 2}, {50, -2e38f, 50}}) {
        Outcome alone = ofLogits(backend, loss, 0, logits);
        assertEquals(0, alone.loss()[0], backend + " " + Arrays.toString(logits));
        assertArrayEquals(new float[3], alone.dC(), backend + " " + Arrays.toString(logits));
      }
      assertTrue(Float.isNaN(ofLogits(backend, loss, 1, 0, 1, Float.NaN).loss()[0]));
    }
    refused(
        "weights of row 0: 1",
        () ->
            ofLogits(
                Backend.REFERENCE,
                new DecoupledSoftmax(row -> new long[] {0, 1}, row -> new double[1]),
                0,
                1,
                2,
                3));
    refused(
        "listed class of row 0: 1 (expected: below 3, once a row",
        () ->
            ofLogits(
                Backend.REFERENCE, new DecoupledSoftmax(row -> new long[] {1, 1}), 0, 1, 2, 3));
  }

  @Test
  void truncatedTopKStaysFiniteAtTheEnds() {
    for (Backend backend : BACKENDS) {
      // the strongest other does not count, and what it leaves is in the list
      Outcome lost = ofLogits(backend, new TruncatedTopK(2), 2, 90, 60, -20, -1);
      assertEquals(80, lost.loss()[0], 1e-4, backend + "");
      assertArrayEquals(new float[] {0, 1, -1, 0}, lost.dC(), 1e-5f, backend + "");
      Outcome sure = ofLogits(backend, new TruncatedTopK(2), 0, 20, 3, 2, 1);
      double odds = Math.exp(-18) + Math.exp(-19);
      assertEquals(odds, sure.loss()[0], backend == Backend.PORTABLE ? 2e-6 : 1e-5 * odds);
      assertEquals(-odds, sure.dC()[0], backend == Backend.PORTABLE ? 2e-6 : 1e-5 * odds);
      assertEquals(0, sure.dC()[1], backend + "");
      assertTrue(
          Float.isNaN(ofLogits(backend, new TruncatedTopK(2), 0, 0, 1, Float.NaN).loss()[0]));
      Outcome few =
          ofLogits(
              backend,
              new TruncatedTopK(3),
              0,
              1,
              Float.NEGATIVE_INFINITY,
              2,
              Float.NEGATIVE_INFINITY);
      assertEquals(0, few.loss()[0], 1e-6, backend + "");
    }
    refused("k: 0", () -> new TruncatedTopK(0));
    refused("topK: 65", () -> HeadOptions.of(100, 4).withRowLosses(new TruncatedTopK(65)));
    HeadOptions options = HeadOptions.of(13, 4).withRowLosses(new TruncatedTopK(3));
    assertEquals(3, options.topK());
    try (HeadFixture f = new HeadFixture(2, 4, 13)) {
      HeadLoss loss = new HeadLoss(f.options().withRowLosses(new TruncatedTopK(3)).withTopK(2));
      refused("topK: 2 (expected: at least 3", () -> loss.evaluate(f.targets(), f.predictions()));
    }
  }

  @Test
  void pairwiseSoftmaxHasAFloor() {
    for (Backend backend : BACKENDS) {
      for (Surrogate surrogate : List.of(Surrogate.ATAN, Surrogate.RELU)) {
        RowLoss loss = PairwiseSoftmax.shared(surrogate, 0.5, 0, 1);
        Outcome far = ofLogits(backend, loss, 2, -5, -6, 3);
        assertEquals(-2 * 24 * Math.log(2), far.loss()[0], 1e-4, backend + " " + surrogate);
        assertArrayEquals(new float[3], far.dC(), backend + " " + surrogate);
      }
      RowLoss loss = PairwiseSoftmax.shared(Surrogate.TANH, 0.5, 0, 1);
      Outcome far = ofLogits(backend, loss, 2, -500, -500, 500);
      assertEquals(2 * (Math.log(2) - 2000), far.loss()[0], 1e-2, backend + "");
      assertArrayEquals(new float[] {2, 2, -4}, far.dC(), 1e-4f, backend + "");
      Outcome none = ofLogits(backend, PairwiseSoftmax.shared(Surrogate.TANH, 1, 2), 2, 1, 2, 3);
      assertEquals(0, none.loss()[0]);
      assertArrayEquals(new float[3], none.dC(), backend + "");
    }
    refused("temperature: 0.0", () -> PairwiseSoftmax.shared(Surrogate.TANH, 0, 1));
    refused("negatives: none", () -> PairwiseSoftmax.shared(Surrogate.TANH, 1));
  }

  /** The loss of one sequence, from all log-probabilities. */
  private static double editInvariant(List<Row> rows, int... sizes) {
    double loss = 0;
    for (int n : sizes) {
      int places = rows.size() - n + 1;
      for (int j = 0; j < places; j++) {
        double[] g = new double[places];
        double sum = 0;
        double weighted = 0;
        for (int i = 0; i < places; i++) {
          for (int m = 0; m < n; m++) {
            Row row = rows.get(i + m);
            g[i] += Math.max(-20, row.z()[rows.get(j + m).target()] - row.lse()) / n;
          }
          sum += Math.exp(g[i]);
          weighted += Math.exp(g[i]) * g[i];
        }
        loss -= weighted / sum / places / sizes.length;
      }
    }
    return loss;
  }

  @Test
  void editInvariantLossIsThatOfEveryGramAtEveryPosition() {
    for (Backend backend : BACKENDS) {
      for (Reduction reduction : List.of(Reduction.SUM, Reduction.MEAN)) {
        try (HeadFixture f = new HeadFixture(15, 4, 13)) {
          f.ids[1] = f.ids[0];
          f.ids[5] = -100;
          Arrays.fill(f.ids, 11, 14, -100);
          float[] w = {2, 2, 2, 2, 2, 7, 0.5f, 0.5f, 0, 0.5f, 1, 1, 1, 1, 1};
          HeadOptions options =
              f.options()
                  .withReduction(reduction)
                  .withLogitScale(3)
                  .withRowLosses(new EditInvariant(1, 3));
          HeadLoss loss = new HeadLoss(options, backend);
          Outcome actual =
              f.run(
                  loss,
                  () -> {
                    var labels = f.targets(3, 5);
                    labels.add(f.manager.create(w).reshape(3, 5));
                    return loss.evaluate(labels, f.predictions(3, 5)).mul(-0.7f);
                  });
          ToDoubleFunction<List<Row>> total =
              rows -> {
                List<List<Row>> own =
                    List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
                rows.stream()
                    .filter(r -> w[r.index()] > 0)
                    .forEach(r -> own.get(r.index() / 5).add(r));
                double sum =
                    2 * editInvariant(own.get(0), 1, 3) + 0.5 * editInvariant(own.get(1), 1, 3);
                // two rows are left of the last one
                sum += editInvariant(own.get(2), 1);
                return -0.7 * sum / (reduction == Reduction.MEAN ? 3.5 : 1);
              };
          RowTruth truth = new RowTruth(f, options);
          double expected = total.applyAsDouble(truth.rows());
          String what = backend + " " + reduction;
          assertEquals(expected, actual.loss()[0], 1e-5 * Math.abs(expected), what);
          truth.check(what, total, actual, ErrorBudget.GRADIENT_FLOAT32);
        }
      }
    }
    refused("sizes: [0]", () -> new EditInvariant(0));
    HeadOptions each = HeadOptions.of(13, 4).withReduction(Reduction.NONE);
    refused("reduction: NONE", () -> each.withRowLosses(new EditInvariant(2)));
    refused("rowLosses: [", () -> HeadOptions.of(13, 4).withRowLosses(new Both()));
  }

  /** Lists in two ways, which no call can serve. */
  private static final class Both implements RowLoss {
    @Override
    public boolean listsByRow() {
      return true;
    }

    @Override
    public int listedTop() {
      return 1;
    }

    @Override
    public void form(RowBatch rows) {}
  }
}
