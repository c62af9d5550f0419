package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MeanIntervalTest {
  // t(0.975, 2) and t(0.975, 4), from tables
  private static final double T2 = 4.302652730;
  private static final double T4 = 2.776445105;

  @Test
  void isStudentsIntervalOfTheMean() {
    MeanInterval three = MeanInterval.of(new double[] {1, 2, 6});
    assertEquals(3, three.mean());
    // squares 4 + 1 + 9 = 14, variance 7
    assertEquals(T2 * Math.sqrt(7.0 / 3), three.halfWidth(), 1e-8);
    assertEquals(3 - three.halfWidth(), three.low());
    assertEquals(3 + three.halfWidth(), three.high());
    MeanInterval five = MeanInterval.of(new double[] {1, 2, 3, 4, 5});
    assertEquals(T4 * Math.sqrt(2.5 / 5), five.halfWidth(), 1e-8);
  }

  @Test
  void pairsWhatBelongsTogether() {
    double[] a = {11, 22, 33.6};
    double[] b = {10, 21, 32};
    MeanInterval paired = MeanInterval.ofDifferences(a, b);
    assertEquals(1.2, paired.mean(), 1e-12);
    // differences 1, 1, 1.6: variance 0.12
    assertEquals(T2 * Math.sqrt(0.12 / 3), paired.halfWidth(), 1e-8);
    assertTrue(paired.excludesZero());
    assertFalse(MeanInterval.ofDifferences(a, new double[] {10, 22, 34}).excludesZero());
    assertTrue(MeanInterval.ofDifferences(b, a).excludesZero());
  }

  @Test
  void oneValueHasNoInterval() {
    MeanInterval one = MeanInterval.of(new double[] {4});
    assertEquals(4, one.mean());
    assertTrue(Double.isNaN(one.halfWidth()));
    assertFalse(one.excludesZero());
  }
}
