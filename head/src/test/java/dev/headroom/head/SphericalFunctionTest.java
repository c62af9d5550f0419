package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.head.SphericalFunction.Slope;
import dev.headroom.head.SphericalFunction.SphericalSoftmax;
import dev.headroom.head.SphericalFunction.SquaredError;
import dev.headroom.head.SphericalFunction.TaylorSoftmax;
import dev.headroom.head.SphericalFunction.ZLoss;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the losses against their definitions over all outputs, and their slopes against those. */
class SphericalFunctionTest {

  /** A loss and its definition as the papers write it. */
  private record Case(SphericalFunction function, Definition definition) {}

  private interface Definition {
    double loss(double[] o, int t);
  }

  static List<Case> cases() {
    return List.of(
        new Case(new ZLoss(0.3, 4), (o, t) -> zLoss(o, t, 0.3, 4)),
        new Case(new ZLoss(2, -1), (o, t) -> zLoss(o, t, 2, -1)),
        new Case(
            new SphericalSoftmax(0.01),
            (o, t) -> {
              double sum = 0;
              for (double x : o) {
                sum += x * x + 0.01;
              }
              return -Math.log((o[t] * o[t] + 0.01) / sum);
            }),
        new Case(
            new TaylorSoftmax(),
            (o, t) -> {
              double sum = 0;
              for (double x : o) {
                sum += 1 + x + x * x / 2;
              }
              return -Math.log((1 + o[t] + o[t] * o[t] / 2) / sum);
            }),
        new Case(
            new SquaredError(),
            (o, t) -> {
              double sum = 0;
              for (int v = 0; v < o.length; v++) {
                double difference = o[v] - (v == t ? 1 : 0);
                sum += difference * difference / 2;
              }
              return sum;
            }));
  }

  private static double zLoss(double[] o, int t, double a, double b) {
    double mu = 0;
    for (double x : o) {
      mu += x / o.length;
    }
    double variance = 0;
    for (double x : o) {
      variance += (x - mu) * (x - mu) / o.length;
    }
    double z = (o[t] - mu) / Math.sqrt(variance);
    return Math.log1p(Math.exp(a * (b - z))) / a;
  }

  private static Slope at(SphericalFunction function, double[] o, int t) {
    double mu = 0;
    for (double x : o) {
      mu += x / o.length;
    }
    double spread = 0;
    for (double x : o) {
      spread += (x - mu) * (x - mu);
    }
    return function.at(o.length, mu, spread, o[t] - mu);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isItsDefinitionAndItsSlopesAreTheDifferences(Case one) {
    Random random = new Random(20261121);
    for (int v : new int[] {2, 3, 17, 400}) {
      for (double shift : new double[] {0, -3, 40}) {
        double[] o = random.doubles(v, -2, 2).map(x -> x + shift).toArray();
        int t = random.nextInt(v);
        Slope slope = at(one.function, o, t);
        double loss = one.definition.loss(o, t);
        assertEquals(loss, slope.loss(), 1e-11 * Math.max(1, Math.abs(loss)), "loss, v " + v);
        double mu = java.util.Arrays.stream(o).sum() / v;
        for (int j : new int[] {0, v / 2, t}) {
          double expected = slope.ofMean() / v + 2 * slope.ofSpread() * (o[j] - mu);
          expected += j == t ? slope.ofTarget() : 0;
          double step = 1e-4;
          double middle = o[j];
          o[j] = middle + step;
          double above = one.definition.loss(o, t);
          o[j] = middle - step;
          double below = one.definition.loss(o, t);
          o[j] = middle;
          double actual = (above - below) / (2 * step);
          double scale = Math.max(1, Math.abs(expected));
          assertEquals(expected, actual, 1e-6 * scale, one.function + " by o " + j + " of " + v);
        }
      }
    }
  }

  @Test
  void zLossOfEqualOutputsIsAConstant() {
    Slope slope = new ZLoss(0.5, 3).at(7, 2, 0, 0);
    assertEquals(Math.log1p(Math.exp(1.5)) / 0.5, slope.loss(), 1e-15);
    assertEquals(new Slope(slope.loss(), 0, 0, 0), slope);
    assertTrue(new ZLoss(0.5, 3).degenerate(0));
  }

  @Test
  void zLossNeitherOverflowsNorLosesItsTail() {
    ZLoss loss = new ZLoss(1, 0);
    double far = Math.sqrt(1e6 - 1);
    Slope wrong = loss.at(1e6, 0, 1e6, -1e6);
    assertEquals(1e6, wrong.loss());
    Slope right = loss.at(1e6, 0, 1e6, far);
    assertEquals(Math.exp(-far), right.loss(), 0);
    assertEquals(-Math.exp(-far), right.ofTarget(), 0);
  }

  @Test
  void neverHidesNan() {
    for (Case one : cases()) {
      double nan = Double.NaN;
      assertTrue(
          Double.isNaN(one.function.at(9, nan, 1, 0).loss()) || one.function instanceof ZLoss);
      assertTrue(Double.isNaN(one.function.at(9, 0, nan, 0).loss()), one.toString());
      assertTrue(Double.isNaN(one.function.at(9, 0, 1, nan).loss()), one.toString());
    }
  }

  @Test
  void refusesParametersOutsideTheirRange() {
    String a = assertThrows(IllegalArgumentException.class, () -> new ZLoss(0, 1)).getMessage();
    assertEquals("a: 0.0 (expected: a positive number)", a);
    assertThrows(IllegalArgumentException.class, () -> new ZLoss(1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new SphericalSoftmax(0));
  }
}
