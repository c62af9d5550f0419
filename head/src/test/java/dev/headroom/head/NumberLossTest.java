package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.losses.NumberTargets;
import dev.headroom.head.losses.NumberTokenLoss;
import dev.headroom.head.losses.NumberTokenLoss.Distance;
import dev.headroom.head.losses.WholeNumberLoss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The losses of number tokens against their definitions with all N x V probabilities in float64,
 * and against central differences of those.
 */
class NumberLossTest {
  private static final int WIDTH = 4;
  private static final int CLASSES = 13;
  private static final double LAMBDA = 0.3;
  // id 0 is a number, two tokens have one value, digits say nothing of the order of values
  private static final Map<Integer, Double> VALUES =
      Map.of(0, 3.0, 2, 7.0, 5, 0.0, 7, 12.0, 11, 7.0, 12, 45.0);
  private static final NumberTokens TOKENS = NumberTokens.of(VALUES);
  private static final long[] IDS = {7, 0, 3, 12, -100, 5, 5, 2, 11, 1, 0, 12};

  /** A loss, and what it is for one row: p over classes and the value of the target. */
  record Variant(RowLoss loss, RowDefinition definition) {
    @Override
    public String toString() {
      return loss.toString();
    }
  }

  /** A row's loss from its probabilities. */
  interface RowDefinition {
    double of(double[] p, double y);
  }

  private static double mass(double[] p) {
    return VALUES.keySet().stream().mapToDouble(id -> p[id]).sum();
  }

  private static double mean(double[] p, ToDoubleFunction<Double> f) {
    return VALUES.entrySet().stream()
            .mapToDouble(x -> p[x.getKey()] * f.applyAsDouble(x.getValue()))
            .sum()
        / mass(p);
  }

  private static double huber(double x) {
    return Math.abs(x) < 1 ? 0.5 * x * x : Math.abs(x) - 0.5;
  }

  private static double squashed(double d) {
    // the least distance of two values is 3, of 0 and 3; the largest 45
    return d == 0 ? 0 : 1 + 4.0 * (d - 3) / 42;
  }

  private static double gaussian(double[] p, double y) {
    // of equal values the one with the lower id has the weight
    int[] ids = {5, 0, 2, 7, 12};
    double[] values = {0, 3, 7, 12, 45};
    double[] weights = NumberTargets.gaussian(values, y, 2.5);
    double sum = 0;
    for (int k = 0; k < ids.length; k++) {
      sum -= weights[k] * Math.log(p[ids[k]] / mass(p));
    }
    return sum;
  }

  static List<Variant> variants() {
    List<Variant> variants = new ArrayList<>();
    NumberTokenLoss wasserstein = NumberTokenLoss.wasserstein(TOKENS);
    NumberTokenLoss square = NumberTokenLoss.dotProduct(TOKENS, Distance.SQUARED);
    NumberTokenLoss absolute = NumberTokenLoss.dotProduct(TOKENS, Distance.ABSOLUTE);
    NumberTokenLoss huber = NumberTokenLoss.dotProduct(TOKENS, Distance.HUBER);
    NumberTokenLoss squashed = NumberTokenLoss.squashed(TOKENS, 5);
    RowDefinition w = (p, y) -> mean(p, v -> Math.abs(v - y));
    RowDefinition s = (p, y) -> mean(p, v -> squashed(Math.abs(v - y)));
    RowDefinition sq = (p, y) -> Math.pow(mean(p, v -> v) - y, 2);
    RowDefinition h = (p, y) -> huber(mean(p, v -> v) - y);
    variants.add(new Variant(wasserstein.withWeight(LAMBDA), w));
    variants.add(new Variant(squashed.withWeight(LAMBDA), s));
    variants.add(new Variant(square.withWeight(LAMBDA), sq));
    variants.add(new Variant(absolute.withWeight(LAMBDA), (p, y) -> Math.abs(mean(p, v -> v) - y)));
    variants.add(new Variant(huber.withWeight(LAMBDA), h));
    variants.add(
        new Variant(
            NumberTokenLoss.gaussian(TOKENS, 2.5).withWeight(LAMBDA), NumberLossTest::gaussian));
    variants.add(new Variant(wasserstein.byNumberMass().withWeight(LAMBDA), byMass(w, 45)));
    variants.add(new Variant(squashed.byNumberMass().withWeight(LAMBDA), byMass(s, 5)));
    variants.add(new Variant(square.byNumberMass().withWeight(LAMBDA), byMass(sq, 45 * 45)));
    variants.add(new Variant(huber.byNumberMass().withWeight(LAMBDA), byMass(h, 44.5)));
    return variants;
  }

  private static RowDefinition byMass(RowDefinition inner, double worst) {
    return (p, y) -> mass(p) * inner.of(p, y) + 1.01 * worst * (1 - mass(p));
  }

  private static HeadFixture fixture() {
    HeadFixture f = new HeadFixture(IDS.length, WIDTH, CLASSES);
    System.arraycopy(IDS, 0, f.ids, 0, IDS.length);
    return f;
  }

  private static double[] softmax(double[] x, int row) {
    int c = IDS.length * WIDTH;
    int b = c + CLASSES * WIDTH;
    double[] p = new double[CLASSES];
    double sum = 0;
    for (int v = 0; v < CLASSES; v++) {
      double a = x[b + v];
      for (int k = 0; k < WIDTH; k++) {
        a += x[row * WIDTH + k] * x[c + v * WIDTH + k];
      }
      p[v] = Math.exp(5 * Math.tanh(0.8 * a / 5));
      sum += p[v];
    }
    for (int v = 0; v < CLASSES; v++) {
      p[v] /= sum;
    }
    return p;
  }

  /** The whole loss as a function of e, c and b laid end to end: cross-entropy plus the rest. */
  private static double direct(double[] x, float[] weights, RowDefinition definition) {
    double entropy = 0;
    double kept = 0;
    double numbers = 0;
    double counted = 0;
    for (int i = 0; i < IDS.length; i++) {
      if (IDS[i] < 0) {
        continue;
      }
      double[] p = softmax(x, i);
      entropy -= weights[i] * Math.log(p[(int) IDS[i]]);
      kept += weights[i];
      Double y = VALUES.get((int) IDS[i]);
      if (y != null) {
        numbers += weights[i] * definition.of(p, y);
        counted += weights[i];
      }
    }
    return entropy / kept + LAMBDA * numbers / counted;
  }

  private static void hold(Outcome outcome, double[] x, ToDoubleFunction<double[]> loss) {
    double expected = loss.applyAsDouble(x);
    assertEquals(expected, outcome.loss()[0], 2e-6 * (1 + Math.abs(expected)));
    float[] gradient = new float[x.length];
    System.arraycopy(outcome.dE(), 0, gradient, 0, outcome.dE().length);
    System.arraycopy(outcome.dC(), 0, gradient, outcome.dE().length, outcome.dC().length);
    int end = outcome.dE().length + outcome.dC().length;
    System.arraycopy(outcome.dB(), 0, gradient, end, outcome.dB().length);
    for (int k = 0; k < x.length; k++) {
      double step = 1e-5;
      double old = x[k];
      x[k] = old + step;
      double up = loss.applyAsDouble(x);
      x[k] = old - step;
      double down = loss.applyAsDouble(x);
      x[k] = old;
      double slope = (up - down) / (2 * step);
      assertEquals(slope, gradient[k], 1e-5 * (1 + Math.abs(slope)), "entry " + k);
    }
  }

  private static HeadOptions options(HeadFixture f, RowLoss... losses) {
    return f.options().withLogitScale(0.8).withSoftCap(5).withRowLosses(losses);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void valueAndGradientsAreThoseOfTheDefinition(Variant variant) {
    for (Backend backend : List.of(Backend.REFERENCE, Backend.PORTABLE, Backend.NATIVE_CPU)) {
      for (Delivery delivery : Delivery.values()) {
        for (Engine engine : Engine.values()) {
          try (HeadFixture f = fixture()) {
            HeadOptions options =
                options(f, variant.loss).withDelivery(delivery).withEngine(engine);
            float[] weights = f.random(4);
            HeadLoss loss = new HeadLoss(options, backend);
            Outcome outcome = f.run(loss, f.targets(weights), f.predictions());
            hold(outcome, f.flat(), x -> direct(x, weights, variant.definition));
          }
        }
      }
    }
  }

  @Test
  void aBatchWithoutNumbersIsCrossEntropyAlone() {
    try (HeadFixture f = fixture()) {
      Arrays.fill(f.ids, 3);
      HeadLoss with = new HeadLoss(options(f, NumberTokenLoss.wasserstein(TOKENS)));
      HeadLoss without = new HeadLoss(options(f));
      Outcome a = f.run(with, f.targets(), f.predictions());
      Outcome b = f.run(without, f.targets(), f.predictions());
      assertArrayEquals(b.loss(), a.loss());
      assertArrayEquals(b.dE(), a.dE());
      assertArrayEquals(b.dC(), a.dC());
      assertArrayEquals(b.dB(), a.dB());
      for (double part : with.output().rowLosses()[0]) {
        assertEquals(0, part);
      }
    }
  }

  @Test
  void thePartOfEachRowIsLogged() {
    try (HeadFixture f = fixture()) {
      HeadLoss loss = new HeadLoss(options(f, NumberTokenLoss.wasserstein(TOKENS)));
      loss.evaluate(f.targets(), f.predictions());
      double[] parts = loss.output().rowLosses()[0];
      double[] x = f.flat();
      for (int i = 0; i < IDS.length; i++) {
        Double y = IDS[i] < 0 ? null : VALUES.get((int) IDS[i]);
        double[] p = softmax(x, i);
        double expected = y == null ? 0 : mean(p, v -> Math.abs(v - y)) / 9;
        assertEquals(expected, parts[i], 1e-6 * (1 + expected), "row " + i);
      }
    }
  }

  @Test
  void eachRowTakesItsOwnUpstream() {
    try (HeadFixture f = fixture()) {
      RowLoss loss = NumberTokenLoss.wasserstein(TOKENS).byNumberMass().withWeight(LAMBDA);
      HeadOptions options = options(f, loss).withReduction(Reduction.NONE);
      float[] upstream = f.random(8);
      float[] ones = new float[IDS.length];
      Arrays.fill(ones, 1);
      for (Backend backend : List.of(Backend.PORTABLE, Backend.NATIVE_CPU)) {
        HeadLoss each = new HeadLoss(options, backend);
        Outcome rows =
            f.run(
                each,
                () -> each.evaluate(f.targets(), f.predictions()).mul(f.manager.create(upstream)));
        HeadOptions sum = options.withReduction(Reduction.SUM);
        Outcome weighted = f.run(new HeadLoss(sum, backend), f.targets(upstream), f.predictions());
        close(weighted.dE(), rows.dE());
        close(weighted.dC(), rows.dC());
        close(weighted.dB(), rows.dB());
      }
    }
  }

  private static void close(float[] expected, float[] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 2e-6 * (1 + Math.abs(expected[i])), "entry " + i);
    }
  }

  @Test
  void aWholeNumberIsItsDigits() {
    NumberTokens digits = NumberTokens.of(Map.of(0, 0.0, 1, 1.0, 2, 2.0, 3, 3.0, 4, 10.0, 5, 20.0));
    WholeNumberLoss loss = new WholeNumberLoss(digits, LAMBDA);
    // two sequences of 6: 1 2 | word | 20 3, then 2 of the other sequence, ignored, 1 0 3, word
    long[] ids = {1, 2, 9, 5, 3, 0, 2, -100, 1, 0, 3, 9};
    int[][] numbers = {{0, 1}, {3, 4, 5}, {6}, {8, 9, 10}};
    for (Backend backend : List.of(Backend.REFERENCE, Backend.PORTABLE, Backend.NATIVE_CPU)) {
      try (HeadFixture f = fixture()) {
        System.arraycopy(ids, 0, f.ids, 0, ids.length);
        float[] weights = f.random(5);
        HeadLoss head = new HeadLoss(options(f, loss), backend);
        NDList labels =
            new NDList(
                f.targets(weights).get(0).reshape(2, 6), f.targets(weights).get(1).reshape(2, 6));
        Outcome outcome =
            f.run(
                head,
                () ->
                    head.evaluate(
                        labels, new NDList(f.hidden.reshape(2, 6, WIDTH), f.weight, f.bias)));
        hold(
            outcome,
            f.flat(),
            x -> {
              double entropy = 0;
              double kept = 0;
              for (int i = 0; i < ids.length; i++) {
                if (ids[i] >= 0) {
                  entropy -= weights[i] * Math.log(softmax(x, i)[(int) ids[i]]);
                  kept += weights[i];
                }
              }
              double sum = 0;
              double counted = 0;
              for (int[] rows : numbers) {
                double weight = 0;
                for (int row : rows) {
                  weight += weights[row];
                }
                counted += weight;
                sum += weight / rows.length * relativeError(x, rows, ids);
              }
              return entropy / kept + LAMBDA * sum / counted;
            });
      }
    }
  }

  private static double relativeError(double[] x, int[] rows, long[] ids) {
    double[] values = {0, 1, 2, 3, 10, 20};
    double found = 0;
    double wanted = 0;
    for (int row : rows) {
      double[] p = softmax(x, row);
      boolean pair = ids[row] > 3;
      double mass = 0;
      double mean = 0;
      for (int v = pair ? 4 : 0; v < (pair ? 6 : 4); v++) {
        mass += p[v];
        mean += p[v] * values[v];
      }
      found = found * (pair ? 100 : 10) + mean / mass;
      wanted = wanted * (pair ? 100 : 10) + values[(int) ids[row]];
    }
    return Math.abs(found - wanted) / (1 + Math.max(found, wanted));
  }

  @Test
  void targetsSpreadANumberOverTheValues() {
    double[] values = {3, 0, 7, 12, 7};
    double[] twoHot = NumberTargets.twoHot(values, 5);
    assertArrayEquals(new double[] {0.5, 0, 0.5, 0, 0}, twoHot, 1e-15);
    assertArrayEquals(new double[] {0, 1, 0, 0, 0}, NumberTargets.twoHot(values, -4), 0);
    assertArrayEquals(new double[] {0, 0, 0, 1, 0}, NumberTargets.twoHot(values, 99), 0);
    double[] gaussian = NumberTargets.gaussian(values, 5, 2);
    // Phi(0) - Phi(-7/4) between 1.5 and 5, the table of the normal distribution
    assertEquals(0.5 - 0.040059156863817, gaussian[0], 1e-12);
    assertEquals(0.040059156863817, gaussian[1], 1e-12);
    assertEquals(0, gaussian[4]);
    double sum = 0;
    for (double weight : gaussian) {
      sum += weight;
    }
    assertEquals(1, sum, 1e-15);
    // far out, where differences of 1 - tiny would vanish
    assertTrue(NumberTargets.gaussian(values, 5, 0.5)[3] > 0);
  }

  @Test
  void badParametersAreRefusedByName() {
    refuses("sigma: 0.0", () -> NumberTokenLoss.gaussian(TOKENS, 0));
    refuses("f: 1.0", () -> NumberTokenLoss.squashed(TOKENS, 1));
    refuses("lambda: -1.0", () -> NumberTokenLoss.wasserstein(TOKENS).withWeight(-1));
    refuses("byNumberMass: gaussian", () -> NumberTokenLoss.gaussian(TOKENS, 1).byNumberMass());
    refuses("sigma: NaN", () -> NumberTargets.gaussian(new double[] {1}, 1, Double.NaN));
    refuses("number: Infinity", () -> NumberTargets.twoHot(new double[] {1}, 1.0 / 0));
    refuses(
        "value of number token 1: 0.5",
        () -> new WholeNumberLoss(NumberTokens.of(Map.of(1, 0.5)), 1));
    HeadOptions options = HeadOptions.of(12, 4);
    refuses(
        "class of number tokens", () -> options.withRowLosses(NumberTokenLoss.wasserstein(TOKENS)));
  }

  private static void refuses(String begin, Runnable call) {
    String text = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(text.startsWith(begin) && text.contains("(expected: "), text);
  }
}
