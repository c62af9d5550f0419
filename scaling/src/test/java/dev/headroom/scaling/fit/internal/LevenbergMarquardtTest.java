package dev.headroom.scaling.fit.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 5, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LevenbergMarquardtTest {

  /** {@code b0 exp(-b1 t) - y} at t = 0, 1, ..., with a bad value below a given b1. */
  private static final class Decay implements Residuals {
    private final double[] y;
    private final double badBelow;
    private final double bad;
    private int evaluations;

    Decay(double[] y, double badBelow, double bad) {
      this.y = y;
      this.badBelow = badBelow;
      this.bad = bad;
    }

    @Override
    public int points() {
      return y.length;
    }

    @Override
    public void evaluate(double[] theta, double[] out, double[][] jacobian) {
      evaluations++;
      for (int t = 0; t < y.length; t++) {
        double power = Math.exp(-theta[1] * t);
        out[t] = theta[0] * power - y[t];
        jacobian[t][0] = power;
        jacobian[t][1] = -t * theta[0] * power;
      }
      if (theta[1] < badBelow) {
        out[2] = bad;
      }
    }
  }

  private static double[] exact(int points) {
    double[] y = new double[points];
    for (int t = 0; t < points; t++) {
      y[t] = 3 * Math.exp(-.5 * t);
    }
    return y;
  }

  @Test
  void findsTheOptimum() {
    double[] found =
        LevenbergMarquardt.minimise(new Decay(exact(9), 0, 0), new double[] {1, .1}, 1000);
    assertArrayEquals(new double[] {3, .5}, found, 1e-12);
  }

  @Test
  void noisyOptimumHasAVanishingGradient() {
    double[] y = exact(9);
    for (int t = 0; t < y.length; t++) {
      y[t] += .1 * Math.sin(7 * t);
    }
    Decay decay = new Decay(y, 0, 0);
    double[] found = LevenbergMarquardt.minimise(decay, new double[] {1, .1}, 1000);
    double[] residuals = new double[9];
    double[][] jacobian = new double[9][2];
    decay.evaluate(found, residuals, jacobian);
    for (int j = 0; j < 2; j++) {
      double sum = 0;
      for (int t = 0; t < 9; t++) {
        sum += residuals[t] * jacobian[t][j];
      }
      assertEquals(0, sum, 1e-8);
    }
  }

  @Test
  void startThatIsNotFiniteEndsTheSearchAndALaterStepIsTakenBack() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Decay always = new Decay(exact(9), 1e9, bad);
      assertNull(LevenbergMarquardt.minimise(always, new double[] {1, .1}, 1000));
      assertEquals(1, always.evaluations);
      Decay later = new Decay(exact(9), .9, bad);
      double[] edge = LevenbergMarquardt.minimise(later, new double[] {1, 2}, 1000);
      assertEquals(.9, edge[1], 1e-6);
      assertTrue(later.evaluations > 1 && later.evaluations < 1000);
    }
  }

  @Test
  void evaluationsAreCapped() {
    Decay decay = new Decay(exact(9), 0, 0);
    assertNull(LevenbergMarquardt.minimise(decay, new double[] {100, 3}, 3));
    assertTrue(decay.evaluations <= 4, "" + decay.evaluations);
  }

  @Test
  void lowerRankIsHandedBackWithoutComplaint() {
    // The trap itself: so a caller has to test the conditioning.
    Residuals flat =
        new Residuals() {
          @Override
          public int points() {
            return 3;
          }

          @Override
          public void evaluate(double[] theta, double[] out, double[][] jacobian) {
            for (int i = 0; i < 3; i++) {
              out[i] = 2 - i;
              jacobian[i][0] = 0;
              jacobian[i][1] = 0;
            }
          }
        };
    double[] found = LevenbergMarquardt.minimise(flat, new double[] {4, 5}, 100);
    assertArrayEquals(new double[] {4, 5}, found);
  }

  @Test
  void quantilesAgreeWithTables() {
    assertEquals(12.7062, StudentT.twoSided(.95, 1), 1e-4);
    assertEquals(2.2281, StudentT.twoSided(.95, 10), 1e-4);
    assertEquals(1.95996, StudentT.twoSidedNormal(.95), 1e-5);
    assertTrue(Double.isNaN(StudentT.twoSided(.95, 0)));
  }
}
