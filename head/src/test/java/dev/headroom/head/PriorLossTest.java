package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.SimpleCompositeLoss;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The prior and the predicted unigram against all N x V probabilities in float64. */
class PriorLossTest {
  private static final Divergence[] BOTH = {Divergence.FORWARD_KL, Divergence.REVERSE_KL};
  private static final int ROWS = 7;
  private static final int CLASSES = 13;
  private static final double LEAST = 1e-30;

  private static HeadFixture fixture() {
    HeadFixture f = new HeadFixture(ROWS, 4, CLASSES);
    f.ids[2] = -100;
    f.ids[5] = -100;
    return f;
  }

  /** Counts, of which one class has none. */
  private static double[] counts() {
    double[] counts = new double[CLASSES];
    Arrays.setAll(counts, v -> v == 4 ? 0 : 1 + v * v);
    return counts;
  }

  private static double[] mean(List<Row> rows, float[] weights) {
    double[] m = new double[CLASSES];
    double sum = 0;
    for (Row row : rows) {
      sum += weights[row.index()];
    }
    for (Row row : rows) {
      for (int v = 0; v < CLASSES; v++) {
        m[v] += weights[row.index()] / sum * Math.exp(row.z()[v] - row.lse());
      }
    }
    return m;
  }

  private static double kl(double[] m, Divergence divergence) {
    double total = Arrays.stream(counts()).sum();
    double kl = 0;
    for (int v = 0; v < CLASSES; v++) {
      double q = counts()[v] / total;
      if (divergence == Divergence.REVERSE_KL) {
        kl += m[v] == 0 ? 0 : m[v] * Math.log(m[v] / Math.max(q, LEAST));
      } else if (q > 0) {
        double log = m[v] < LEAST ? Math.log(LEAST) + m[v] / LEAST - 1 : Math.log(m[v]);
        kl += q * (Math.log(q) - log);
      }
    }
    return kl;
  }

  private static ToDoubleFunction<List<Row>> truth(
      Divergence divergence, float[] weights, double factor) {
    return rows -> factor * kl(mean(rows, weights), divergence);
  }

  private static Outcome run(HeadFixture f, Supplier<NDArray> root) {
    return f.run(new HeadLoss(f.options()), root);
  }

  private static Outcome run(HeadFixture f, PriorLoss loss, NDList labels) {
    Outcome outcome = run(f, () -> loss.evaluate(labels, f.predictions()));
    loss.finishBackward();
    return outcome;
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void valueAndGradientsAreThoseOfTheMeanOfAllProbabilities(Backend backend) {
    for (Divergence divergence : BOTH) {
      for (Delivery delivery : Delivery.values()) {
        for (Engine engine : Engine.values()) {
          try (HeadFixture f = fixture()) {
            HeadOptions options =
                f.options()
                    .withLogitScale(0.6)
                    .withDelivery(delivery)
                    .withReduction(Reduction.SUM)
                    .withClassWeights(ReweightingTest.weights(CLASSES))
                    .withEngine(engine);
            float[] weights = f.random(3);
            PriorLoss loss = new PriorLoss(options, counts(), divergence, 0.7, backend);
            Outcome actual = run(f, loss, f.targets(weights));
            RowTruth truth = new RowTruth(f, options);
            String what = backend + " " + divergence + " " + delivery + " " + engine;
            ToDoubleFunction<List<Row>> expected = truth(divergence, weights, 0.7);
            assertEquals(expected.applyAsDouble(truth.rows()), actual.loss()[0], 2e-6, what);
            assertEquals(1, actual.loss().length, what);
            truth.check(what, expected, actual, ErrorBudget.GRADIENT_FLOAT32);
            float[] mean = new float[CLASSES];
            for (int v = 0; v < CLASSES; v++) {
              mean[v] = (float) mean(truth.rows(), weights)[v];
            }
            assertArrayEquals(mean, loss.predicted(), 1e-6f, what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void staysFiniteWhereClassesVanish(Backend backend) {
    float[] ones = new float[ROWS];
    Arrays.fill(ones, 1);
    for (Divergence divergence : BOTH) {
      // beyond float32, beyond the least share, and hardly there; class 4 has no prior
      for (float far : new float[] {-1e4f, -80, -67, -40}) {
        try (HeadFixture f = fixture()) {
          float[] bias = f.bias.toFloatArray();
          bias[3] = far;
          bias[4] = far;
          RowLossSamples.set(f.bias, bias);
          PriorLoss loss = new PriorLoss(f.options(), counts(), divergence, 1, backend);
          Outcome actual = run(f, loss, f.targets());
          RowTruth truth = new RowTruth(f, f.options());
          String what = backend + " " + divergence + " " + far;
          ToDoubleFunction<List<Row>> expected = truth(divergence, ones, 1);
          double value = expected.applyAsDouble(truth.rows());
          assertEquals(value, actual.loss()[0], 2e-5 * Math.max(1, value), what);
          truth.check(what, expected, actual, ErrorBudget.GRADIENT_FLOAT32);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void aMaskedClassGetsNoGradient(Backend backend) {
    for (Divergence divergence : BOTH) {
      try (HeadFixture f = fixture()) {
        float[] bias = f.bias.toFloatArray();
        bias[3] = Float.NEGATIVE_INFINITY;
        bias[4] = Float.NEGATIVE_INFINITY;
        RowLossSamples.set(f.bias, bias);
        PriorLoss masked = new PriorLoss(f.options(), counts(), divergence, 1, backend);
        Outcome actual = run(f, masked, f.targets());
        bias[3] = -1e30f;
        bias[4] = -1e30f;
        RowLossSamples.set(f.bias, bias);
        PriorLoss far = new PriorLoss(f.options(), counts(), divergence, 1, Backend.REFERENCE);
        Outcome expected = run(f, far, f.targets());
        String what = backend + " " + divergence;
        assertArrayEquals(expected.loss(), actual.loss(), 1e-4f, what);
        assertArrayEquals(expected.dC(), actual.dC(), 1e-5f, what);
        assertArrayEquals(expected.dE(), actual.dE(), 1e-5f, what);
        assertEquals(0, actual.dB()[3], what);
        assertEquals(0, masked.predicted()[3], what);
      }
    }
  }

  @Test
  void honoursTheUpstreamGradientAndRefusesItWhenFused() {
    try (HeadFixture f = fixture()) {
      float[] weights = f.random(5);
      NDArray upstream = f.manager.create(-2.7f);
      PriorLoss loss = new PriorLoss(f.options(), counts(), Divergence.FORWARD_KL, 0.3, null);
      Outcome actual =
          run(f, () -> loss.evaluate(f.targets(weights), f.predictions()).mul(upstream));
      RowTruth truth = new RowTruth(f, f.options());
      ToDoubleFunction<List<Row>> expected = truth(Divergence.FORWARD_KL, weights, -0.81);
      truth.check("upstream", expected, actual, ErrorBudget.GRADIENT_FLOAT32);
      HeadOptions fused = f.options().withDelivery(Delivery.FUSED);
      PriorLoss rooted = new PriorLoss(fused, counts(), Divergence.FORWARD_KL, 0.3, null);
      run(f, () -> rooted.evaluate(f.targets(), f.predictions()).mul(upstream));
      assertThrows(IllegalStateException.class, rooted::finishBackward);
    }
  }

  @Test
  void addsToTheCrossEntropyInDjlsComposite() {
    for (Delivery delivery : Delivery.values()) {
      try (HeadFixture f = fixture()) {
        HeadOptions options = f.options().withDelivery(delivery);
        HeadLoss head = new HeadLoss(options);
        PriorLoss prior = new PriorLoss(options, counts(), Divergence.REVERSE_KL, 0.3, null);
        SimpleCompositeLoss both = new SimpleCompositeLoss();
        both.addLoss(head);
        both.addLoss(prior);
        Outcome actual = f.run(head, () -> both.evaluate(f.targets(), f.predictions()));
        prior.finishBackward();
        float[] ones = new float[ROWS];
        Arrays.fill(ones, 1);
        RowTruth truth = new RowTruth(f, options);
        ToDoubleFunction<List<Row>> expected =
            rows ->
                truth(Divergence.REVERSE_KL, ones, 0.3).applyAsDouble(rows)
                    + rows.stream().mapToDouble(Row::nll).average().orElseThrow();
        truth.check("both " + delivery, expected, actual, ErrorBudget.GRADIENT_FLOAT32);
      }
    }
  }

  @Test
  void countsThePositionsThatTheCausalShiftLeaves() {
    try (HeadFixture f = new HeadFixture(6, 4, CLASSES)) {
      HeadOptions options = f.options();
      PredictedUnigram shifted = new PredictedUnigram(options.withCausalShift(true), null);
      NDList sequences = new NDList(f.hidden.reshape(2, 3, 4), f.weight, f.bias);
      f.ids[2] = -100;
      f.ids[5] = -100;
      float[] expected = new PredictedUnigram(options, null).of(f.targets(), f.predictions());
      long[] ids = {1, 2, 3, 4, 5, 6};
      NDList labels = new NDList(f.manager.create(ids, new Shape(2, 3)));
      assertArrayEquals(expected, shifted.of(labels, sequences), 1e-6f);
      double sum = 0;
      for (float share : expected) {
        sum += share;
      }
      assertEquals(1, sum, 1e-6);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REFERENCE", "PORTABLE", "NATIVE_CPU"})
  void worksWithoutABiasAndLeavesAFrozenClassifierAlone(Backend backend) {
    try (HeadFixture f = fixture()) {
      HeadOptions options = HeadOptions.of(CLASSES, 4);
      PriorLoss bare = new PriorLoss(options, counts(), Divergence.FORWARD_KL, 1, backend);
      PriorLoss zero = new PriorLoss(f.options(), counts(), Divergence.FORWARD_KL, 1, backend);
      RowLossSamples.set(f.bias, new float[CLASSES]);
      NDArray bias = f.bias.stopGradient();
      NDArray frozen = f.weight.stopGradient();
      Outcome expected = run(f, zero, f.targets());
      Outcome actual = run(f, () -> bare.evaluate(f.targets(), new NDList(f.hidden, f.weight)));
      assertArrayEquals(expected.dC(), actual.dC(), 1e-7f);
      Outcome hidden = run(f, () -> zero.evaluate(f.targets(), new NDList(f.hidden, frozen, bias)));
      assertArrayEquals(expected.dE(), hidden.dE(), 1e-7f);
      assertArrayEquals(new float[CLASSES * 4], hidden.dC());
    }
  }

  @Test
  void givesNothingWithoutRowsAndNaNForNaN() {
    try (HeadFixture f = fixture()) {
      PriorLoss loss = new PriorLoss(f.options(), counts(), Divergence.FORWARD_KL, 1, null);
      HeadOptions strict = f.options().withStrictMean(true);
      PriorLoss strictly = new PriorLoss(strict, counts(), Divergence.FORWARD_KL, 1, null);
      long[] ids = f.ids.clone();
      Arrays.fill(f.ids, -100);
      Outcome none = run(f, loss, f.targets());
      assertArrayEquals(new float[] {0}, none.loss());
      assertArrayEquals(new float[CLASSES * 4], none.dC());
      assertTrue(Float.isNaN(strictly.evaluate(f.targets(), f.predictions()).getFloat()));
      System.arraycopy(ids, 0, f.ids, 0, ROWS);
      float[] hidden = f.hidden.toFloatArray();
      hidden[1] = Float.NaN;
      RowLossSamples.set(f.hidden, hidden);
      for (Divergence divergence : BOTH) {
        PriorLoss own = new PriorLoss(f.options(), counts(), divergence, 1, null);
        assertTrue(Float.isNaN(own.evaluate(f.targets(), f.predictions()).getFloat()));
      }
    }
  }

  @Test
  void keepsEveryArrayOfAStepInItsManager() {
    try (HeadFixture f = fixture()) {
      PriorLoss loss = new PriorLoss(f.options(), counts(), Divergence.FORWARD_KL, 1, null);
      run(f, loss, f.targets());
      int before = f.manager.getManagedArrays().size();
      try (NDManager step = f.manager.newSubManager()) {
        NDArray hidden = step.create(f.hidden.toFloatArray(), f.hidden.getShape());
        hidden.setRequiresGradient(true);
        NDList labels = new NDList(step.create(f.ids));
        try (GradientCollector collector = step.getEngine().newGradientCollector()) {
          NDArray value = loss.evaluate(labels, new NDList(hidden, f.weight, f.bias));
          collector.backward(value);
          loss.finishBackward();
        }
      }
      assertEquals(before, f.manager.getManagedArrays().size());
    }
  }

  @Test
  void bringsTheMeanToThePrior() {
    for (Divergence divergence : BOTH) {
      try (HeadFixture f = fixture()) {
        PriorLoss loss = new PriorLoss(f.options(), counts(), divergence, 1, null);
        float first = 0;
        float last = 0;
        for (int step = 0; step < 150; step++) {
          Outcome outcome = run(f, loss, f.targets());
          float[] bias = f.bias.toFloatArray();
          for (int v = 0; v < CLASSES; v++) {
            bias[v] -= 0.5f * outcome.dB()[v];
          }
          RowLossSamples.set(f.bias, bias);
          first = step == 0 ? outcome.loss()[0] : first;
          last = outcome.loss()[0];
        }
        assertTrue(last < 0.2 * first, divergence + ": " + first + " to " + last);
      }
    }
  }

  @Test
  void namesWhatIsWrong() {
    HeadOptions options = HeadOptions.of(3, 4);
    double[] good = {1, 0, 2};
    Divergence kl = Divergence.FORWARD_KL;
    refused("softCap: 3.0", () -> new PredictedUnigram(options.withSoftCap(3), null));
    refused("stableMax: true", () -> new PredictedUnigram(options.withStableMax(true), null));
    refused("softTargets: 2", () -> new PredictedUnigram(options.withSoftTargets(2), null));
    refused("prior: 2 classes", () -> new PriorLoss(options, new double[2], kl, 1, null));
    refused("sum of the prior: 0.0", () -> new PriorLoss(options, new double[3], kl, 1, null));
    double[] bad = {1, Double.NaN, 1};
    refused("prior of class 1: NaN", () -> new PriorLoss(options, bad, kl, 1, null));
    refused("weight: 0.0", () -> new PriorLoss(options, good, kl, 0, null));
    refused("weight: Infinity", () -> new PriorLoss(options, good, kl, 1 / 0.0, null));
    Divergence other = Divergence.INNER_PRODUCT;
    refused("divergence: INNER_PRODUCT", () -> new PriorLoss(options, good, other, 1, null));
    PriorLoss fresh = new PriorLoss(options, good, kl, 1, null);
    assertThrows(IllegalStateException.class, fresh::predicted);
  }

  private static void refused(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start) && message.contains(" (expected: "), message);
  }
}
