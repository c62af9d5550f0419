package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ObjectivesTest {

  private static final Law POWER = Laws.named("power");
  private static final double[] TRUTH = {1.7, 400, .33};
  private static final FitOptions DEFAULTS = FitOptions.defaults();

  @Test
  void weightOfThreeIsThePointThreeTimes() {
    Observations data = Synthetic.power(POWER, TRUTH, 40, .005, 61);
    double[] weight = new double[40];
    Arrays.fill(weight, 1);
    weight[7] = 3;
    double[][] x = Arrays.copyOf(data.x(), 42);
    double[] loss = Arrays.copyOf(data.loss(), 42);
    for (int k = 40; k < 42; k++) {
      x[k] = data.x()[7];
      loss[k] = data.loss()[7];
    }
    for (Objective objective : Objective.values()) {
      FitOptions options = DEFAULTS.withObjective(objective);
      Fit weighed = Fitter.fit(POWER, data.withWeight(weight), options);
      Fit repeated = Fitter.fit(POWER, new Observations(x, loss), options);
      assertEquals(
          repeated.objectiveValue(),
          weighed.objectiveValue(),
          1e-8 * Math.abs(repeated.objectiveValue()),
          objective.toString());
      assertArrayEquals(repeated.theta(), weighed.theta(), .5, objective.toString());
      assertEquals(repeated.theta()[2], weighed.theta()[2], 1e-4, objective.toString());
    }
  }

  @Test
  void commonFactorOfTheWeightsChangesNeitherEstimateNorInterval() {
    Observations data = Synthetic.power(POWER, TRUTH, 60, .005, 62);
    double[] ten = new double[60];
    Arrays.fill(ten, 10);
    for (Objective objective : Objective.values()) {
      FitOptions options = DEFAULTS.withObjective(objective);
      Fit one = Fitter.fit(POWER, data, options);
      Fit other = Fitter.fit(POWER, data.withWeight(ten), options);
      assertEquals(one.theta()[2], other.theta()[2], 1e-5, objective.toString());
      double ratio = other.covariance()[2][2] / one.covariance()[2][2];
      assertEquals(1, ratio, 1e-2, objective.toString());
      assertEquals(one.noise(), other.noise(), 1e-6, objective.toString());
    }
  }

  @Test
  void badWeightsAreRefused() {
    Observations data = Synthetic.power(POWER, TRUTH, 5, .005, 62);
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      Observations weighed = data.withWeight(new double[] {1, 1, bad, 1, 1});
      assertEquals(
          "row 3 weight: " + bad + " (expected: a finite number above 0; leave such rows out)",
          assertThrows(IllegalArgumentException.class, () -> Fitter.fit(POWER, weighed, DEFAULTS))
              .getMessage());
    }
  }

  @Test
  void studentsObjectiveIsTheNegativeLogLikelihoodAtItsBestScale() {
    Observations data = Synthetic.power(POWER, TRUTH, 80, .01, 63);
    double nu = 3;
    Fit fit = Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.STUDENT_T).withTails(nu));
    double best = Double.POSITIVE_INFINITY;
    for (double scale = .002; scale < .03; scale *= 1.0005) {
      double sum = 0;
      for (double r : fit.residuals(data)) {
        sum += Math.log(scale) + .5 * (nu + 1) * Math.log1p(r * r / (nu * scale * scale));
      }
      best = Math.min(best, sum);
    }
    assertEquals(best, fit.objectiveValue(), 1e-4);
  }

  @Test
  void studentWithManyDegreesOfFreedomIsLeastSquares() {
    Observations data = Synthetic.power(POWER, TRUTH, 80, .01, 64);
    Fit squares = Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.LEAST_SQUARES_LOG));
    FitOptions student = DEFAULTS.withObjective(Objective.STUDENT_T);
    Fit normal = Fitter.fit(POWER, data, student.withTails(1e6));
    assertEquals(squares.theta()[2], normal.theta()[2], 1e-5);
    assertEquals(1, normal.covariance()[2][2] / squares.covariance()[2][2], .05);
    Fit heavy = Fitter.fit(POWER, data, student.withTails(1));
    assertTrue(Math.abs(heavy.theta()[2] - normal.theta()[2]) > 1e-4);
  }

  @Test
  void studentForgivesOutliersThatMoveLeastSquares() {
    Observations clean = Synthetic.power(POWER, TRUTH, 60, .003, 65);
    double[] loss = clean.loss().clone();
    for (int i = 0; i < 6; i++) {
      loss[i * 9] *= 1.6;
    }
    Observations data = new Observations(clean.x(), loss);
    Fit student = Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.STUDENT_T));
    Fit squares = Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.LEAST_SQUARES_LOG));
    assertEquals(.33, student.theta()[2], .02);
    assertEquals(1.7, student.theta()[0], .03);
    assertTrue(Math.abs(squares.theta()[0] - 1.7) > .04, "" + squares.theta()[0]);
  }

  @Test
  void coverageOfStudentsIntervalsIsNearNominal() {
    int covered = 0;
    for (long seed = 1; seed <= 300; seed++) {
      Observations data = Synthetic.power(POWER, TRUTH, 40, .005, seed);
      Estimate a =
          Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.STUDENT_T)).estimate("a");
      covered += a.low() <= .33 && .33 <= a.high() ? 1 : 0;
    }
    assertTrue(covered >= .90 * 300 && covered <= .995 * 300, "" + covered);
  }
}
