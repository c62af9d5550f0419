package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConstraintsTest {

  private static final Law POWER = Laws.named("power");
  private static final Law CHINCHILLA = Laws.named("chinchilla");
  private static final double[] TRUTH = {1.7, 400, .33};
  private static final FitOptions DEFAULTS = FitOptions.defaults();
  private static final Constraints NONE = Constraints.none();

  private static Fit power(double noise, Objective objective, Constraints constraints) {
    Observations data = Synthetic.power(POWER, TRUTH, 60, noise, 31);
    return Fitter.fit(POWER, data, DEFAULTS.withObjective(objective).withConstraints(constraints));
  }

  @Test
  void fixedParametersKeepTheirValueInTheUnitsOfTheData() {
    for (Objective objective : Objective.values()) {
      for (int p = 0; p < 3; p++) {
        String name = POWER.parameters().get(p).name();
        Fit fit = power(0, objective, NONE.fix(name, TRUTH[p]));
        assertEquals(Status.CONVERGED, fit.status(), objective + " " + name + fit.warnings());
        assertEquals(TRUTH[p], fit.theta()[p]);
        assertEquals(new Estimate(name, TRUTH[p], TRUTH[p], TRUTH[p]), fit.estimate(name));
        assertEquals(0, fit.covariance()[p][p]);
        for (int q = 0; q < 3; q++) {
          assertEquals(TRUTH[q], fit.theta()[q], 1e-6 * TRUTH[q], objective + " fixed " + name);
        }
        assertEquals(58, fit.degreesOfFreedom());
      }
    }
  }

  @Test
  void fixingAWrongValueCostsObjective() {
    Fit free = power(.003, Objective.HUBER_LOG, NONE);
    Fit wrong = power(.003, Objective.HUBER_LOG, NONE.fix("A", 300));
    assertTrue(wrong.objectiveValue() > 1.01 * free.objectiveValue());
    assertEquals(300, wrong.theta()[1]);
  }

  @Test
  void tiedParametersAreEqual() {
    double[] truth = {1.8, 480, 480, .35, .35};
    Observations data = Synthetic.of(CHINCHILLA, truth, new double[] {4e7, 2e8}, 3, 150, .003, 32);
    Fit free = Fitter.fit(CHINCHILLA, data, DEFAULTS);
    for (Constraints ties : List.of(NONE.tie("b", "a"), NONE.tie("b", "a").tie("A", "B"))) {
      Fit tied = Fitter.fit(CHINCHILLA, data, DEFAULTS.withConstraints(ties));
      assertEquals(Status.CONVERGED, tied.status(), tied.warnings().toString());
      assertEquals(tied.theta()[3], tied.theta()[4]);
      assertEquals(.35, tied.theta()[3], .02);
      assertTrue(tied.objectiveValue() >= free.objectiveValue() * (1 - 1e-9));
      assertEquals(tied.covariance()[3][3], tied.covariance()[4][4]);
      assertEquals(tied.covariance()[3][3], tied.covariance()[3][4]);
    }
    Fit both =
        Fitter.fit(CHINCHILLA, data, DEFAULTS.withConstraints(NONE.tie("b", "a").tie("A", "B")));
    assertEquals(both.theta()[1], both.theta()[2]);
    assertEquals(147, both.degreesOfFreedom());
  }

  @Test
  void whatIsTiedToAFixedParameterHasItsValue() {
    double[] truth = {1.8, 480, 480, .35, .35};
    Observations data = Synthetic.of(CHINCHILLA, truth, new double[] {4e7, 2e8}, 3, 90, 0, 35);
    Constraints known = NONE.fix("a", .35).tie("b", "a");
    Fit fit = Fitter.fit(CHINCHILLA, data, DEFAULTS.withConstraints(known));
    assertEquals(.35, fit.theta()[4]);
    assertEquals(480, fit.theta()[2], 1e-3);
    assertEquals(87, fit.degreesOfFreedom());
  }

  @Test
  void boundsOfTheUserHoldAndAreSaid() {
    Fit fit = power(.003, Objective.HUBER_LOG, NONE.bound("a", .4, .5));
    assertEquals(.4, fit.theta()[2]);
    assertEquals(List.of("a"), fit.diagnostics().atBounds());
    assertTrue(
        fit.warnings().stream().anyMatch(w -> w.startsWith("a ended at its bound 0.4")),
        fit.warnings().toString());
    Fit level = power(.003, Objective.LEAST_SQUARES, NONE.bound("E", 1.8, 2));
    assertEquals(1.8, level.theta()[0]);
    Fit factor = power(.003, Objective.HUBER_LOG, NONE.bound("A", 10, 1e3));
    assertEquals(
        power(.003, Objective.HUBER_LOG, NONE).objectiveValue(), factor.objectiveValue(), 1e-12);
  }

  @Test
  void priorOfTheSamePrecisionPullsHalfWay() {
    for (Objective objective : Objective.values()) {
      Observations data = Synthetic.power(POWER, TRUTH, 400, .003, 33);
      FitOptions options = DEFAULTS.withObjective(objective).withDelta(.01);
      Fit free = Fitter.fit(POWER, data, options);
      double error = Math.sqrt(free.covariance()[2][2]);
      double a = free.theta()[2];
      Constraints prior = NONE.prior("a", Prior.normal(a + 2 * error, error));
      Fit pulled = Fitter.fit(POWER, data, options.withConstraints(prior));
      assertEquals(1, (pulled.theta()[2] - a) / error, .15, objective.toString());
      double narrower = Math.sqrt(pulled.covariance()[2][2]) / error;
      assertEquals(Math.sqrt(.5), narrower, .08, objective.toString());
    }
  }

  @Test
  void bootstrapsWithAPriorAgreeWithTheCovariance() {
    Observations data = Synthetic.power(POWER, TRUTH, 200, .004, 34);
    FitOptions squares =
        DEFAULTS
            .withObjective(Objective.LEAST_SQUARES_LOG)
            .withConstraints(NONE.prior("a", Prior.normal(.34, .01)));
    Estimate plain = Fitter.fit(POWER, data, squares).estimate("a");
    for (Intervals kind : List.of(Intervals.PAIRS, Intervals.RESIDUAL, Intervals.WILD)) {
      Estimate a = Fitter.fit(POWER, data, squares.withIntervals(kind)).estimate("a");
      assertTrue(a.low() < a.value() && a.value() < a.high(), kind + " " + a);
      assertEquals(1, (a.high() - a.low()) / (plain.high() - plain.low()), .2, kind + " " + a);
    }
  }

  @Test
  void priorGivesWhatTheDataLeaveOpen() {
    Law annealing = Laws.named("annealing");
    double[][] x = new double[40][];
    double[] loss = new double[40];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {.1 * (i + 1), 0};
      loss[i] = (3 + .5 * Math.pow(.1 * (i + 1), -.5)) * (1 + .002 * Math.sin(9 * i));
    }
    Observations data = new Observations(x, loss);
    assertEquals(Status.NOT_IDENTIFIABLE, Fitter.fit(annealing, data, DEFAULTS).status());
    for (Prior prior : List.of(Prior.normal(.4, .05), Prior.logNormal(.4, .125))) {
      Fit fit = Fitter.fit(annealing, data, DEFAULTS.withConstraints(NONE.prior("C", prior)));
      assertEquals(Status.CONVERGED, fit.status(), fit.warnings().toString());
      assertEquals(.4, fit.estimate("C").value(), 1e-6);
      assertEquals(.4 - 2.03 * .05, fit.estimate("C").low(), .005);
    }
  }

  @Test
  void constraintsThatMakeNoSenseAreRefused() {
    assertRefused("parameter: q (expected: one of E, A, a of power)", NONE.fix("q", 1));
    assertRefused("parameter: q (expected: one of E, A, a of power)", NONE.tie("a", "q"));
    assertRefused(
        "tie: E (expected: no parameter tied to itself, nor in a circle)",
        NONE.tie("a", "E").tie("E", "a"));
    assertRefused("a: 11.0 (expected: from 0.0 to 10.0)", NONE.fix("a", 11));
    assertRefused(
        "a: fixed at 0.3 (expected: no tie, bound or prior on it as well)",
        NONE.fix("a", .3).bound("a", 0, 1));
    assertRefused("a bounds: 11.0:12.0 (expected: inside 0.0:10.0)", NONE.bound("a", 11, 12));
    assertRefused(
        "fixed: all parameters (expected: one left to fit)",
        NONE.fix("a", .3).fix("E", 1).fix("A", 2));
    assertThrows(IllegalArgumentException.class, () -> NONE.bound("a", 1, 1));
    assertThrows(IllegalArgumentException.class, () -> Prior.normal(1, 0));
    assertThrows(IllegalArgumentException.class, () -> Prior.logNormal(0, 1));
  }

  private static void assertRefused(String message, Constraints constraints) {
    assertEquals(
        message,
        assertThrows(
                IllegalArgumentException.class, () -> power(.003, Objective.HUBER_LOG, constraints))
            .getMessage());
  }
}
