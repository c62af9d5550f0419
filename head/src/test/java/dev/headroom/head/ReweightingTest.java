package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.head.HeadFixture.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReweightingTest {
  private static final List<Reweighting> ALL =
      List.of(
          Reweighting.linear(0.5),
          Reweighting.linear(-1),
          Reweighting.quadratic(0.7),
          Reweighting.focal(2),
          Reweighting.maskOutliers(0.5));

  /** The factors of the table in the Javadoc, written out once more. */
  private static double[] byHand(Reweighting reweighting, float[] losses, int ignored) {
    int n = losses.length;
    double min = Double.MAX_VALUE;
    double max = 0;
    double mean = 0;
    double square = 0;
    for (int i = 0; i < n; i++) {
      if (i != ignored) {
        min = Math.min(min, losses[i]);
        max = Math.max(max, losses[i]);
        mean += losses[i] / (double) (n - 1);
        square += (double) losses[i] * losses[i] / (n - 1);
      }
    }
    double[] factors = new double[n];
    for (int i = 0; i < n; i++) {
      double h = 2 * (losses[i] - min) / (max - min) - 1;
      factors[i] =
          switch (ALL.indexOf(reweighting)) {
            case 0 -> 1 + 0.5 * h;
            case 1 -> 1 - h;
            case 2 -> 1 - 0.7 * h * h;
            case 3 -> Math.pow(1 - Math.exp(-losses[i]), 2);
            default -> losses[i] <= mean + 0.5 * Math.sqrt(square - mean * mean) ? 1 : 0;
          };
    }
    return factors;
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void equalsTheSameFactorsAsTokenWeights(Reduction reduction) {
    try (HeadFixture f = new HeadFixture(14, 8, 90)) {
      f.ids[6] = -100;
      float[] given = f.random(4);
      HeadOptions options =
          f.options()
              .withReduction(reduction)
              .withZLoss(0.02)
              .withLabelSmoothing(0.1)
              .withClassWeights(weights(90));
      HeadLoss plain = new HeadLoss(options);
      plain.evaluate(f.targets(given), f.predictions());
      float[] losses = plain.output().nll();
      for (Reweighting reweighting : ALL) {
        double[] factors = byHand(reweighting, losses, 6);
        float[] product = new float[14];
        for (int i = 0; i < 14; i++) {
          product[i] = i == 6 ? 0 : (float) (given[i] * factors[i]);
        }
        Outcome expected = f.run(plain, f.targets(product), f.predictions());
        HeadLoss loss = new HeadLoss(options.withReweighting(reweighting));
        Outcome actual = f.run(loss, f.targets(given), f.predictions());
        String what = reweighting + " " + reduction;
        assertArrayEquals(expected.loss(), actual.loss(), 3e-5f, what);
        assertArrayEquals(expected.dE(), actual.dE(), 1e-5f, what);
        assertArrayEquals(expected.dC(), actual.dC(), 1e-5f, what);
        assertEquals(
            expected.loss()[0],
            loss.evaluate(f.targets(given), f.predictions()).toFloatArray()[0],
            3e-5,
            "validation");
      }
    }
  }

  static float[] weights(int v) {
    float[] weights = new float[v];
    for (int i = 0; i < v; i++) {
      weights[i] = 0.5f + i % 3;
    }
    return weights;
  }

  @Test
  void fusedDeliveryGivesTheSame() {
    try (HeadFixture f = new HeadFixture(14, 8, 90)) {
      HeadOptions options = f.options().withReweighting(Reweighting.focal(1));
      Outcome expected = f.run(new HeadLoss(options), f.targets(), f.predictions());
      HeadLoss fused = new HeadLoss(options.withDelivery(Delivery.FUSED));
      Outcome actual = f.run(fused, () -> fused.evaluate(f.targets(), f.predictions()));
      assertArrayEquals(expected.dC(), actual.dC(), 1e-7f);
      assertArrayEquals(expected.dE(), actual.dE(), 1e-7f);
    }
  }

  @Test
  void leavesRowsThatAreNotFiniteToBeSeen() {
    boolean[] kept = {true, true, true};
    float[] losses = {1, Float.POSITIVE_INFINITY, 3};
    for (Reweighting reweighting : ALL) {
      double[] factors = reweighting.factors(losses, kept);
      assertEquals(1, factors[1], reweighting.toString());
      assertTrue(Double.isFinite(factors[0]) && Double.isFinite(factors[2]));
    }
    double[] equal = Reweighting.linear(1).factors(new float[] {2, 2, 2}, kept);
    assertArrayEquals(new double[] {1, 1, 1}, equal);
  }

  @Test
  void namesWhatIsWrong() {
    assertEquals(
        "reweighting linear: 1.5 (expected: -1 to 1)",
        assertThrows(IllegalArgumentException.class, () -> Reweighting.linear(1.5)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Reweighting.quadratic(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Reweighting.focal(-1));
    assertThrows(IllegalArgumentException.class, () -> Reweighting.maskOutliers(-1));
    HeadOptions soft = HeadOptions.of(9, 3).withSoftTargets(2);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> soft.withReweighting(Reweighting.focal(2)))
            .getMessage();
    assertTrue(message.startsWith("reweighting: focal 2.0 with soft targets"), message);
  }
}
