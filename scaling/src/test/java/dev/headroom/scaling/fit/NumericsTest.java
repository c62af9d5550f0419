package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Holds for the small pieces of linear algebra and search on which a fit rests. */
class NumericsTest {

  @Test
  void nonNegativeSolutionSatisfiesItsOptimalityConditions() {
    SplittableRandom random = new SplittableRandom(1);
    for (int trial = 0; trial < 200; trial++) {
      int size = 1 + random.nextInt(4);
      double[][] gram = new double[size][size];
      double[] rhs = new double[size];
      for (int point = 0; point < 9; point++) {
        double[] row = new double[size];
        double target = random.nextGaussian();
        for (int j = 0; j < size; j++) {
          row[j] = random.nextGaussian();
        }
        for (int a = 0; a < size; a++) {
          rhs[a] += row[a] * target;
          for (int b = 0; b < size; b++) {
            gram[a][b] += row[a] * row[b];
          }
        }
      }
      double[] beta = new double[size];
      new NonNegative(size).solve(gram, rhs, new boolean[size], beta);
      for (int a = 0; a < size; a++) {
        double slope = -rhs[a];
        for (int b = 0; b < size; b++) {
          slope += gram[a][b] * beta[b];
        }
        assertTrue(beta[a] >= 0);
        assertTrue(beta[a] > 0 ? Math.abs(slope) < 1e-9 : slope > -1e-9, "trial " + trial);
      }
    }
  }

  @Test
  void signedUnknownsMayBeNegative() {
    double[] beta = new double[2];
    double[][] gram = {{2, 0}, {0, 4}};
    new NonNegative(2).solve(gram, new double[] {-2, -4}, new boolean[] {true, false}, beta);
    assertArrayEquals(new double[] {-1, 0}, beta, 1e-15);
  }

  @Test
  void singularValuesKeepSmallOnes() {
    // Columns (1,1) and (1,1+e) have condition number near 2 (1 + 1)/e after scaling.
    double e = 1e-6;
    double[][] rows = {{1, 1}, {1, 1 + e}, {0, 0}};
    SingularValues values = new SingularValues(rows, 2);
    assertEquals(4 / e, values.condition(), .01 * 4 / e);
    assertEquals(2, values.rank(1e7));
    assertEquals(1, values.rank(1e6));
  }

  @Test
  void inverseGramIsTheInverse() {
    SplittableRandom random = new SplittableRandom(2);
    double[][] jacobian = new double[12][4];
    double[][] copy = new double[12][];
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 4; j++) {
        jacobian[i][j] = Math.pow(10, 3 * j) * random.nextGaussian();
      }
      copy[i] = jacobian[i].clone();
    }
    double[][] inverse = new SingularValues(copy, 4).inverseGram(1e7);
    for (int a = 0; a < 4; a++) {
      for (int b = 0; b < 4; b++) {
        double sum = 0;
        for (int c = 0; c < 4; c++) {
          for (double[] row : jacobian) {
            sum += row[a] * row[c] * inverse[c][b];
          }
        }
        assertEquals(a == b ? 1 : 0, sum * Math.pow(10, 3 * (b - a)), 1e-9);
      }
    }
  }

  @Test
  void scalingTakesTheRidgeOutOfTheChinchillaProblem() {
    Law law = Laws.named("chinchilla");
    SplittableRandom random = new SplittableRandom(3);
    double[] theta = {1.8172, 477.8, 2143.4, .3473, .3672};
    double[][] x = new double[200][];
    double[] loss = new double[200];
    for (int i = 0; i < x.length; i++) {
      double n = 4e7 * Math.pow(400, random.nextDouble());
      x[i] = new double[] {n, 2e8 * Math.pow(1000, random.nextDouble())};
      loss[i] = law.value(x[i], theta);
    }
    double[][] raw = new double[200][5];
    for (int i = 0; i < x.length; i++) {
      law.gradient(x[i], theta, raw[i]);
    }
    ScaledData data = ScaledData.of(law, new Observations(x, loss));
    double[][] scaled = new double[200][5];
    new Misfit(data, FitOptions.defaults()).residuals(data.scaled(theta), new double[200], scaled);
    double before = condition(raw);
    double after = condition(scaled);
    assertTrue(before > 1e6, "raw " + before);
    assertTrue(after < 50, "scaled " + after);
  }

  /** Condition number of the columns as they are, where {@link SingularValues} scales them. */
  private static double condition(double[][] jacobian) {
    double[][] gram = new double[5][5];
    for (double[] row : jacobian) {
      for (int a = 0; a < 5; a++) {
        for (int b = 0; b < 5; b++) {
          gram[a][b] += row[a] * row[b];
        }
      }
    }
    double largest = power(gram);
    double[][] inverse = new SingularValues(jacobian, 5).inverseGram(1e300);
    return Math.sqrt(largest * power(inverse));
  }

  private static double power(double[][] matrix) {
    double[] v = {1, 1, 1, 1, 1};
    double norm = 0;
    for (int k = 0; k < 500; k++) {
      double[] next = new double[5];
      norm = 0;
      for (int a = 0; a < 5; a++) {
        for (int b = 0; b < 5; b++) {
          next[a] += matrix[a][b] * v[b];
        }
        norm = Math.hypot(norm, next[a]);
      }
      for (int a = 0; a < 5; a++) {
        v[a] = next[a] / norm;
      }
    }
    return norm;
  }

  @Test
  void searchFindsTheOptimumFromAlmostEveryStart() {
    Law law = Laws.named("chinchilla");
    SplittableRandom random = new SplittableRandom(4);
    double[] theta = {1.8172, 477.8, 2143.4, .3473, .3672};
    double[][] x = new double[150][];
    double[] loss = new double[150];
    for (int i = 0; i < x.length; i++) {
      double n = 4e7 * Math.pow(400, random.nextDouble());
      x[i] = new double[] {n, 2e8 * Math.pow(1000, random.nextDouble())};
      loss[i] = law.value(x[i], theta) * Math.exp(.005 * random.nextGaussian());
    }
    Observations observations = new Observations(x, loss);
    double best = Fitter.fit(law, observations, FitOptions.defaults()).objectiveValue();
    ScaledData data = ScaledData.of(law, observations);
    Bfgs bfgs =
        new Bfgs(new Misfit(data, FitOptions.defaults()), Search.lower(data), Search.upper(data));
    int reached = 0;
    for (int trial = 0; trial < 300; trial++) {
      double[] start = {
        Math.exp(2 * random.nextDouble() - 1),
        Math.exp(25 * random.nextDouble()),
        Math.exp(25 * random.nextDouble()),
        2 * random.nextDouble(),
        2 * random.nextDouble()
      };
      bfgs.minimise(data.scaled(start), 1e-10);
      assertTrue(bfgs.value() > best * (1 - 1e-9), "found better than the fit: " + bfgs.value());
      reached += bfgs.value() < best * 1.001 ? 1 : 0;
    }
    assertTrue(reached > 270, "reached " + reached);
  }

  @Test
  void quantilesInterpolate() {
    double[] sorted = {1, 2, 4, 8};
    assertEquals(1, Quantiles.of(sorted, 0));
    assertEquals(3, Quantiles.of(sorted, .5));
    assertEquals(8, Quantiles.of(sorted, 1));
    assertEquals(6, Quantiles.medianOfAbsolute(new double[] {-8, 4}));
  }
}
