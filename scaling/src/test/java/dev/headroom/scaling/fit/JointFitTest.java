package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class JointFitTest {

  private static final Law POWER = Laws.named("power");
  private static final FitOptions DEFAULTS = FitOptions.defaults();

  private static List<Observations> sets(int count, int points, double noise) {
    List<Observations> sets = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      double[] truth = {1.5 + .1 * k, 300 + 50 * k, .33};
      sets.add(Synthetic.power(POWER, truth, points, noise, 50 + k));
    }
    return sets;
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      names.add("set" + k);
    }
    return names;
  }

  @Test
  void sharedExponentIsOneNumberAndLevelsAreOwn() {
    List<Observations> sets = sets(3, 40, .004);
    JointFit joint = Fitter.fitJointly(POWER, sets, names(3), Set.of("a"), DEFAULTS);
    assertEquals(Status.CONVERGED, joint.status(), joint.fits().get(0).warnings().toString());
    for (int k = 0; k < 3; k++) {
      Fit fit = joint.of("set" + k);
      assertEquals(joint.fits().get(0).theta()[2], fit.theta()[2]);
      assertEquals(1.5 + .1 * k, fit.theta()[0], .06);
      Estimate alone = Fitter.fit(POWER, sets.get(k), DEFAULTS).estimate("a");
      Estimate a = fit.estimate("a");
      assertTrue(a.high() - a.low() < .8 * (alone.high() - alone.low()), a + " " + alone);
      assertTrue(a.low() < .33 && .33 < a.high(), a.toString());
    }
    assertEquals(120 - 7, joint.fits().get(0).degreesOfFreedom());
  }

  @Test
  void exactDataGiveTheParametersBack() {
    for (Objective objective : Objective.values()) {
      JointFit joint =
          Fitter.fitJointly(
              POWER, sets(3, 40, 0), names(3), Set.of("a"), DEFAULTS.withObjective(objective));
      for (int k = 0; k < 3; k++) {
        double[] theta = joint.fits().get(k).theta();
        assertEquals(1.5 + .1 * k, theta[0], 1e-6, objective.toString());
        assertEquals(300 + 50 * k, theta[1], 1e-3, objective.toString());
        assertEquals(.33, theta[2], 1e-7, objective.toString());
      }
    }
  }

  @Test
  void nothingSharedIsTheSameAsFittingAlone() {
    List<Observations> sets = sets(3, 40, .004);
    JointFit joint = Fitter.fitJointly(POWER, sets, names(3), Set.of(), DEFAULTS);
    double sum = 0;
    for (int k = 0; k < 3; k++) {
      Fit alone = Fitter.fit(POWER, sets.get(k), DEFAULTS);
      sum += alone.objectiveValue();
      assertEquals(alone.theta()[2], joint.fits().get(k).theta()[2], 1e-3);
    }
    assertEquals(sum, joint.objectiveValue(), 1e-7 * sum);
  }

  @Test
  void manyParametersGoThroughLimitedMemory() {
    List<Observations> sets = sets(20, 30, .004);
    for (Objective objective : List.of(Objective.HUBER_LOG, Objective.LEAST_SQUARES_LOG)) {
      JointFit joint =
          Fitter.fitJointly(POWER, sets, names(20), Set.of("a"), DEFAULTS.withObjective(objective));
      assertTrue(joint.fits().get(0).diagnostics().engine().contains("L-BFGS"));
      assertEquals(Status.CONVERGED, joint.status(), joint.fits().get(0).warnings().toString());
      assertEquals(.33, joint.fits().get(7).theta()[2], .01);
      assertTrue(joint.fits().get(0).diagnostics().gradientNorm() < 1e-3);
    }
  }

  @Test
  void modelsOfTwoSizesShareTheExponentOfTheAnnealingLaw() {
    List<Observations> sets = List.of(AnnealingRuns.of("25M"), AnnealingRuns.of("100M"));
    Law annealing = Laws.named("annealing");
    JointFit joint =
        Fitter.fitJointly(annealing, sets, List.of("25M", "100M"), Set.of("al"), DEFAULTS);
    double apart = 0;
    for (Observations set : sets) {
      apart += Fitter.fit(annealing, set, DEFAULTS).objectiveValue();
    }
    double al = joint.of("25M").estimate("al").value();
    // Alone they give .8256 and .7717.
    assertTrue(al > .7717 && al < .8256, "al " + al);
    assertEquals(al, joint.of("100M").estimate("al").value());
    assertTrue(joint.objectiveValue() >= apart);
    assertTrue(joint.objectiveValue() < 1.2 * apart, joint.objectiveValue() + " " + apart);
    assertTrue(joint.of("100M").theta()[0] < joint.of("25M").theta()[0]);
  }

  @Test
  void nonsenseIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Fitter.fitJointly(POWER, sets(2, 9, 0), names(2), Set.of("q"), DEFAULTS));
    assertThrows(
        IllegalArgumentException.class,
        () -> Fitter.fitJointly(POWER, sets(2, 9, 0), names(3), Set.of("a"), DEFAULTS));
    JointFit joint = Fitter.fitJointly(POWER, sets(2, 9, .01), names(2), Set.of("a"), DEFAULTS);
    assertThrows(IllegalArgumentException.class, () -> joint.of("set7"));
  }
}
