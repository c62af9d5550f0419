package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IntervalsTest {

  private static final Law POWER = Laws.named("power");
  private static final double[] TRUTH = {1.7, 400, .33};
  private static final FitOptions SQUARES =
      FitOptions.defaults().withObjective(Objective.LEAST_SQUARES_LOG);

  private static double width(Estimate estimate) {
    return estimate.high() - estimate.low();
  }

  @ParameterizedTest
  @EnumSource(Intervals.class)
  void allAgreeOnIndependentEqualErrors(Intervals intervals) {
    Observations data = Synthetic.power(POWER, TRUTH, 200, .004, 81);
    Fit plain = Fitter.fit(POWER, data, SQUARES);
    Fit fit = Fitter.fit(POWER, data, SQUARES.withIntervals(intervals));
    assertEquals(intervals.isBootstrap() ? 1000 : 0, fit.samples().length);
    for (int p = 0; p < 3; p++) {
      double ratio = width(fit.estimates().get(p)) / width(plain.estimates().get(p));
      assertEquals(1, ratio, .2, fit.estimates() + " " + plain.estimates());
    }
  }

  @Test
  void runsThatShareAnErrorWidenTheBootstrapByRunAndTheWildOne() {
    SplittableRandom random = new SplittableRandom(82);
    double[][] x = new double[300][1];
    double[] loss = new double[300];
    int[] group = new int[300];
    for (int i = 0; i < 300; i++) {
      group[i] = i / 20;
      x[i][0] = 1e6 * Math.pow(1e4, i / 300.0);
    }
    for (int run = 0; run < 15; run++) {
      double error = .004 * random.nextGaussian();
      for (int i = 20 * run; i < 20 * run + 20; i++) {
        double own = .0005 * random.nextGaussian();
        loss[i] = POWER.value(x[i], TRUTH) * Math.exp(error + own);
      }
    }
    Observations data = new Observations(x, loss, group);
    double pairs = width(interval(data, Intervals.PAIRS));
    double residual = width(interval(data, Intervals.RESIDUAL));
    assertTrue(width(interval(data, Intervals.RUNS)) > 2 * pairs);
    assertTrue(width(interval(data, Intervals.WILD)) > 2 * pairs);
    assertEquals(1, residual / pairs, .4);
  }

  private static Estimate interval(Observations data, Intervals intervals) {
    return Fitter.fit(POWER, data, SQUARES.withIntervals(intervals).withBootstrap(400))
        .estimate("a");
  }

  @Test
  void errorsThatDifferInSizeWidenTheWildBootstrapButNotTheResidualOne() {
    SplittableRandom random = new SplittableRandom(83);
    double[][] x = new double[200][1];
    double[] loss = new double[200];
    for (int i = 0; i < 200; i++) {
      x[i][0] = 1e6 * Math.pow(1e4, i / 199.0);
      double noise = i < 20 ? .05 : .002;
      loss[i] = POWER.value(x[i], TRUTH) * Math.exp(noise * random.nextGaussian());
    }
    Observations data = new Observations(x, loss);
    double wild = width(interval(data, Intervals.WILD));
    double pairs = width(interval(data, Intervals.PAIRS));
    assertEquals(1, wild / pairs, .35);
  }

  @Test
  void profileOfAWellKnownParameterAgreesWithTheCovariance() {
    Observations data = Synthetic.power(POWER, TRUTH, 300, .003, 84);
    for (Objective objective : Objective.values()) {
      FitOptions options = FitOptions.defaults().withObjective(objective).withDelta(.004);
      Fit fit = Fitter.fit(POWER, data, options);
      for (String name : new String[] {"E", "A", "a"}) {
        Profile profile = Fitter.profile(data, options, fit, name);
        assertEquals(fit.estimate(name).value(), profile.estimate().value(), 1e-6 * 400);
        assertEquals(
            1, width(profile.estimate()) / width(fit.estimate(name)), .2, objective + name);
        assertTrue(!profile.isFlat());
        assertCurve(profile);
      }
    }
  }

  /** The objective falls towards the estimate and rises beyond it. */
  private static void assertCurve(Profile profile) {
    double[] values = profile.values();
    double[] objectives = profile.objectives();
    double slack = 1e-6 * Math.abs(profile.threshold());
    for (int k = 1; k < values.length; k++) {
      assertTrue(values[k] > values[k - 1]);
      boolean above = values[k - 1] >= profile.estimate().value();
      double rise = objectives[k] - objectives[k - 1];
      assertTrue(above ? rise > -slack : rise < slack, "at " + values[k]);
    }
    assertTrue(objectives[0] > profile.threshold());
    assertTrue(objectives[values.length - 1] > profile.threshold());
  }

  @Test
  void floorOfAShortRangeIsKnownFromAboveOnly() {
    Observations data = Synthetic.of(POWER, TRUTH, new double[] {1e6}, .5, 40, .01, 85);
    Fit fit = Fitter.fit(POWER, data, SQUARES);
    Profile profile = Fitter.profile(data, SQUARES, fit, "E");
    assertTrue(profile.flatBelow() && !profile.flatAbove(), profile.estimate().toString());
    assertTrue(Double.isNaN(profile.estimate().low()));
    assertTrue(profile.estimate().high() > 1.7);
    Fit said = Fitter.fit(POWER, data, SQUARES.withIntervals(Intervals.PROFILE));
    assertTrue(
        said.warnings().stream().anyMatch(w -> w.startsWith("E: its profile is flat below")),
        said.warnings().toString());
  }

  @Test
  void parametersKnownOnlyInCombinationAreNamed() {
    Law chinchilla = Laws.named("chinchilla");
    SplittableRandom random = new SplittableRandom(86);
    double[][] x = new double[40][];
    double[] loss = new double[40];
    for (int i = 0; i < 40; i++) {
      double n = 1e7 * Math.pow(1.3, i);
      x[i] = new double[] {n, 20 * n};
      loss[i] = 1.8 + 480 * Math.pow(n, -.35) + 2100 * Math.pow(20 * n, -.37);
      loss[i] *= Math.exp(.003 * random.nextGaussian());
    }
    Observations data = new Observations(x, loss);
    Fit fit = Fitter.fit(chinchilla, data, SQUARES);
    Profile profile = Fitter.profile(data, SQUARES, fit, "A");
    assertTrue(profile.isFlat(), profile.estimate().toString());
    assertTrue(profile.moving().contains("a"), profile.moving().toString());
  }

  @Test
  void parameterWithoutEffectIsFlatOnBothSides() {
    double[][] x = new double[20][1];
    double[] loss = new double[20];
    for (int i = 0; i < 20; i++) {
      x[i] = new double[] {.1 * (i + 1), 0};
      loss[i] = (3 + .5 * Math.pow(.1 * (i + 1), -.5)) * (1 + .001 * Math.sin(5 * i));
    }
    Law annealing = Laws.named("annealing");
    Observations data = new Observations(x, loss);
    Fit fit = Fitter.fit(annealing, data, SQUARES);
    Profile profile = Fitter.profile(data, SQUARES, fit, "C");
    assertTrue(profile.flatBelow() && profile.flatAbove());
  }

  @Test
  void coverageOfProfilesIsNearNominal() {
    int covered = 0;
    for (long seed = 1; seed <= 200; seed++) {
      Observations data = Synthetic.power(POWER, TRUTH, 25, .01, seed);
      Fit fit = Fitter.fit(POWER, data, SQUARES);
      Estimate e = Fitter.profile(data, SQUARES, fit, "E").estimate();
      boolean above = Double.isNaN(e.low()) || e.low() <= 1.7;
      covered += above && (Double.isNaN(e.high()) || 1.7 <= e.high()) ? 1 : 0;
    }
    assertTrue(covered >= .91 * 200 && covered <= .99 * 200, "" + covered);
  }

  @Test
  void contradictionsAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> SQUARES.withIntervals(Intervals.PROFILE).withBootstrap(100));
    Observations data = Synthetic.power(POWER, TRUTH, 25, .01, 87);
    FitOptions fixed = SQUARES.withConstraints(Constraints.none().fix("a", .33));
    Fit fit = Fitter.fit(POWER, data, fixed);
    assertThrows(IllegalArgumentException.class, () -> Fitter.profile(data, fixed, fit, "a"));
    assertThrows(IllegalArgumentException.class, () -> Fitter.profile(data, fixed, fit, "q"));
  }
}
