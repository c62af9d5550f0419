package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.headroom.head.Distillation;
import dev.headroom.head.Divergence;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Holds the reference against the formulas as papers print them, and against differences. */
class ReferenceDivergenceRowTest {
  private static final int V = 9;
  private static final int D = 4;
  private static final List<Distillation> ALL =
      List.of(
          Distillation.forwardKl(),
          Distillation.reverseKl(),
          Distillation.jensenShannon(0.1),
          Distillation.jensenShannon(0.5),
          Distillation.jensenShannon(0.9),
          Distillation.symmetricCrossEntropy(),
          Distillation.innerProduct());

  private static double[] random(Random random, int count) {
    return random.doubles(count, -2, 2).toArray();
  }

  private static double[] softmax(double[] z) {
    double[] p = new double[z.length];
    double sum = 0;
    for (int v = 0; v < z.length; v++) {
      p[v] = Math.exp(z[v]);
      sum += p[v];
    }
    for (int v = 0; v < z.length; v++) {
      p[v] /= sum;
    }
    return p;
  }

  private static double kl(double[] a, double[] b) {
    double sum = 0;
    for (int v = 0; v < a.length; v++) {
      sum += a[v] == 0 ? 0 : a[v] * Math.log(a[v] / b[v]);
    }
    return sum;
  }

  private static ReferenceDivergenceRow row(double[] x, double[] y, Distillation how) {
    boolean restricts =
        how.divergence() == Divergence.REVERSE_KL
            || how.divergence() == Divergence.SYMMETRIC_CROSS_ENTROPY;
    return new ReferenceDivergenceRow(x, y, how, restricts);
  }

  @Test
  void isTheFormulaOfEachDivergence() {
    Random random = new Random(5);
    double[] x = random(random, V);
    double[] y = random(random, V);
    double[] p = softmax(x);
    double[] q = softmax(y);
    assertEquals(kl(q, p), row(x, y, Distillation.forwardKl()).value, 1e-12);
    assertEquals(kl(p, q), row(x, y, Distillation.reverseKl()).value, 1e-12);
    for (double beta : new double[] {0.1, 0.5, 0.9}) {
      double[] m = new double[V];
      for (int v = 0; v < V; v++) {
        m[v] = beta * q[v] + (1 - beta) * p[v];
      }
      double expected = beta * kl(q, m) + (1 - beta) * kl(p, m);
      assertEquals(expected, row(x, y, Distillation.jensenShannon(beta)).value, 1e-12);
    }
    double logit = 0;
    for (int v = 0; v < V; v++) {
      logit += p[v] * y[v];
    }
    assertEquals(-logit, row(x, y, Distillation.expectedLogit()).value, 1e-12);
    double cross = 0;
    double overlap = 0;
    for (int v = 0; v < V; v++) {
      cross -= q[v] * Math.log(p[v]) + p[v] * Math.log(q[v]);
      overlap += p[v] * q[v];
    }
    assertEquals(cross, row(x, y, Distillation.symmetricCrossEntropy()).value, 1e-12);
    assertEquals(-Math.log(overlap), row(x, y, Distillation.innerProduct()).value, 1e-12);
  }

  @Test
  void tendsToTheTwoKlsAtTheEndsOfBeta() {
    Random random = new Random(6);
    double[] x = random(random, V);
    double[] y = random(random, V);
    double small = 1e-6;
    assertEquals(
        row(x, y, Distillation.forwardKl()).value,
        row(x, y, Distillation.jensenShannon(small)).value / small,
        1e-4);
    assertEquals(
        row(x, y, Distillation.reverseKl()).value,
        row(x, y, Distillation.jensenShannon(1 - small)).value / small,
        1e-4);
    assertEquals(Distillation.forwardKl(), Distillation.jensenShannon(0));
    assertEquals(Distillation.reverseKl(), Distillation.jensenShannon(1));
    assertThrows(IllegalArgumentException.class, () -> Distillation.jensenShannon(1.5));
  }

  @Test
  void hasTheGradientsOfDifferencesByHiddenStatesClassifierAndBias() {
    Random random = new Random(7);
    double[] y = random(random, V);
    double[] parameters = random(random, D + V * D + V);
    for (Distillation how : ALL) {
      double[] g = row(logits(parameters), y, how).gradient();
      double[] expected = new double[parameters.length];
      for (int v = 0; v < V; v++) {
        for (int k = 0; k < D; k++) {
          expected[k] += g[v] * parameters[D + v * D + k];
          expected[D + v * D + k] = g[v] * parameters[k];
        }
        expected[D + V * D + v] = g[v];
      }
      double step = 1e-5;
      double[] actual = new double[parameters.length];
      for (int at = 0; at < actual.length; at++) {
        double[] above = parameters.clone();
        double[] below = parameters.clone();
        above[at] += step;
        below[at] -= step;
        double difference = row(logits(above), y, how).value - row(logits(below), y, how).value;
        actual[at] = difference / (2 * step);
      }
      assertArrayEquals(expected, actual, 1e-8, how.toString());
    }
  }

  /** Logits of one row of hidden states, a classifier and a bias that lie behind each other. */
  private static double[] logits(double[] parameters) {
    double[] z = new double[V];
    for (int v = 0; v < V; v++) {
      z[v] = parameters[D + V * D + v];
      for (int k = 0; k < D; k++) {
        z[v] += parameters[k] * parameters[D + v * D + k];
      }
    }
    return z;
  }

  @Test
  void leavesOutClassesThatOneSideLacks() {
    double none = Double.NEGATIVE_INFINITY;
    double[] x = {1, 0.5, none, 0.2};
    double[] y = {0.3, none, 2, 1};
    double[] p = softmax(x);
    double[] q = softmax(new double[] {0.3, none, none, 1});
    double[] shared = softmax(new double[] {1, none, none, 0.2});
    assertEquals(kl(q, p), row(x, y, Distillation.forwardKl()).value, 1e-12);
    assertEquals(p[1], row(x, y, Distillation.forwardKl()).gradient()[1], 1e-12);
    assertEquals(kl(shared, q), row(x, y, Distillation.reverseKl()).value, 1e-12);
    assertEquals(0, row(x, y, Distillation.reverseKl()).gradient()[1]);
    for (Distillation how : ALL) {
      assertEquals(0, row(x, y, how).gradient()[2], how.toString());
    }
  }
}
