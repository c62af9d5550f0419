package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every question gets an answer, a status or a clear refusal, and soon. */
@Timeout(value = 5, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FitterTest {

  private static final Law POWER = Laws.named("power");
  private static final Law CHINCHILLA = Laws.named("chinchilla");
  private static final FitOptions DEFAULTS = FitOptions.defaults();

  private static Observations points(int n, IntToDoubleFunction x, IntToDoubleFunction loss) {
    double[][] rows = new double[n][];
    double[] losses = new double[n];
    for (int i = 0; i < n; i++) {
      rows[i] = new double[] {x.applyAsDouble(i)};
      losses[i] = loss.applyAsDouble(i);
    }
    return new Observations(rows, losses);
  }

  private static Observations noisyPower(int n, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return points(
        n,
        i -> 1e6 * Math.pow(1e4, (double) i / (n - 1)),
        i -> {
          double x = 1e6 * Math.pow(1e4, (double) i / (n - 1));
          return (1.7 + 400 * Math.pow(x, -.33)) * Math.exp(noise * random.nextGaussian());
        });
  }

  private static String refusal(Law law, Observations data) {
    return assertThrows(IllegalArgumentException.class, () -> Fitter.fit(law, data, DEFAULTS))
        .getMessage();
  }

  @Test
  void refusesFewerPointsThanParameters() {
    assertEquals(
        "points: 2 (expected: at least 3, the number of parameters of power)",
        refusal(POWER, points(2, i -> i + 1, i -> 2)));
    assertEquals(
        "points: 0 (expected: at least 3, the number of parameters of power)",
        refusal(POWER, points(0, i -> 1, i -> 2)));
  }

  @Test
  void refusesBadNumbersWithRowAndValue() {
    String rule = " (expected: a finite number above 0; leave such rows out)";
    for (double bad :
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, -2.5}) {
      assertEquals(
          "row 4 loss: " + bad + rule,
          refusal(POWER, points(9, i -> i + 1, i -> i == 3 ? bad : 2)));
      assertEquals(
          "row 4 x: " + bad + " (expected: a finite number above 0; leave such rows out)",
          refusal(POWER, points(9, i -> i == 3 ? bad : i + 1, i -> 2)));
    }
    Law annealing = Laws.named("annealing");
    double[][] x = {{1, 0}, {2, 0}, {3, Double.NaN}, {4, .1}, {5, .2}};
    assertEquals(
        "row 3 s2: NaN (expected: a finite number; leave such rows out)",
        refusal(annealing, new Observations(x, new double[] {3, 2, 2, 2, 2})));
    assertEquals(
        "row 1 variables: 1 (expected: 2 for chinchilla)",
        refusal(CHINCHILLA, points(9, i -> i + 1, i -> 2)));
  }

  @Test
  void constantLossLeavesFactorAndExponentOpen() {
    Fit fit = Fitter.fit(POWER, points(20, i -> 1e6 * (i + 1), i -> 2.5), DEFAULTS);
    assertEquals(Status.NOT_IDENTIFIABLE, fit.status());
    assertEquals(2.5, fit.predict(1e8), 1e-9);
    assertTrue(
        fit.warnings().contains("a is not identifiable: it has no effect at these points"),
        fit.warnings().toString());
    assertTrue(Double.isNaN(fit.estimate("a").low()));
    assertEquals(2.5, fit.estimate("E").low(), 1e-6);
  }

  @Test
  void equalPointsAreNotIdentifiable() {
    for (Law law : List.of(POWER, Laws.named("power0"))) {
      for (Objective objective : Objective.values()) {
        Fit fit =
            Fitter.fit(
                law,
                points(20, i -> 1e6, i -> 2.5 + .001 * (i % 3)),
                DEFAULTS.withObjective(objective).withBootstrap(50));
        assertEquals(Status.NOT_IDENTIFIABLE, fit.status(), law + " " + objective);
        assertTrue(!fit.warnings().isEmpty());
      }
    }
  }

  @Test
  void constantModelSizeLeavesItsTermOpenAndKeepsTheOther() {
    SplittableRandom random = new SplittableRandom(3);
    double[][] x = new double[40][];
    double[] loss = new double[40];
    for (int i = 0; i < x.length; i++) {
      double d = 1e9 * Math.pow(1.3, i);
      x[i] = new double[] {1e8, d};
      loss[i] = (2.5 + 2100 * Math.pow(d, -.37)) * Math.exp(.002 * random.nextGaussian());
    }
    Fit fit = Fitter.fit(CHINCHILLA, new Observations(x, loss), DEFAULTS);
    assertEquals(Status.NOT_IDENTIFIABLE, fit.status());
    assertTrue(Double.isNaN(fit.estimate("a").high()));
    Estimate b = fit.estimate("b");
    assertTrue(b.low() < .37 && .37 < b.high() && b.high() - b.low() < .1, b.toString());
  }

  @Test
  void tokensProportionalToParametersAreNotIdentifiable() {
    SplittableRandom random = new SplittableRandom(4);
    double[][] x = new double[30][];
    double[] loss = new double[30];
    for (int i = 0; i < x.length; i++) {
      double n = 1e7 * Math.pow(1.4, i);
      x[i] = new double[] {n, 20 * n};
      loss[i] = 1.8 + 480 * Math.pow(n, -.35) + 2100 * Math.pow(20 * n, -.37);
      loss[i] *= Math.exp(.003 * random.nextGaussian());
    }
    for (Objective objective : Objective.values()) {
      Fit fit =
          Fitter.fit(CHINCHILLA, new Observations(x, loss), DEFAULTS.withObjective(objective));
      assertEquals(Status.NOT_IDENTIFIABLE, fit.status(), objective + " " + fit.estimates());
    }
  }

  @Test
  void constantRateLeavesTheAnnealingSlopeOpen() {
    double[][] x = new double[30][];
    double[] loss = new double[30];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {.1 * (i + 1), 0};
      loss[i] = 3 + .5 * Math.pow(.1 * (i + 1), -.5);
    }
    Fit fit = Fitter.fit(Laws.named("annealing"), new Observations(x, loss), DEFAULTS);
    assertEquals(Status.NOT_IDENTIFIABLE, fit.status());
    assertTrue(
        fit.warnings().contains("C is not identifiable: it has no effect at these points"),
        fit.warnings().toString());
    assertEquals(.5, fit.estimate("al").value(), 1e-6);
    assertEquals(.5, fit.estimate("al").low(), 1e-3);
  }

  @Test
  void parameterAtItsBoundIsSaid() {
    Fit fit = Fitter.fit(POWER, points(30, i -> 1e6 * Math.pow(2, i), i -> 10 - .2 * i), DEFAULTS);
    assertEquals(0, fit.estimate("E").value());
    assertEquals(Status.CONVERGED, fit.status());
    assertEquals(List.of("E ended at its bound 0.0 and is taken as known there"), fit.warnings());
    Fit rising =
        Fitter.fit(Laws.named("power0"), points(20, i -> i + 1, i -> 2 + .1 * i), DEFAULTS);
    assertEquals(0, rising.estimate("a").value());
    assertEquals(Status.NOT_IDENTIFIABLE, rising.status());
    assertEquals(
        List.of("a ended at its bound 0.0: the law does not suit these points"), rising.warnings());
  }

  @Test
  void noiseWithoutTrendIsNeverCalledAFit() {
    for (long seed = 1; seed <= 20; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      Observations data =
          points(20, i -> 1e6 * Math.pow(1.5, i), i -> 2.5 + .01 * random.nextGaussian());
      for (Objective objective : Objective.values()) {
        Fit fit = Fitter.fit(POWER, data, DEFAULTS.withObjective(objective));
        boolean doubtful = fit.status() != Status.CONVERGED || !fit.warnings().isEmpty();
        Estimate a = fit.estimate("A");
        assertTrue(doubtful || a.high() / a.low() > 10, "seed " + seed + " " + fit);
      }
    }
  }

  @Test
  void statusDoesNotDependOnUnits() {
    Observations data = noisyPower(12, .12, 9);
    double[][] millions = new double[12][];
    for (int i = 0; i < 12; i++) {
      millions[i] = new double[] {data.x()[i][0] / 1e9};
    }
    Fit raw = Fitter.fit(POWER, data, DEFAULTS);
    Fit scaled = Fitter.fit(POWER, new Observations(millions, data.loss()), DEFAULTS);
    assertEquals(raw.status(), scaled.status());
    assertEquals(raw.warnings(), scaled.warnings());
    assertTrue(Math.sqrt(raw.covariance()[1][1]) > raw.theta()[1], raw.toString());
  }

  @Test
  void asManyPointsAsParametersGiveNoInterval() {
    Fit fit =
        Fitter.fit(POWER, points(3, i -> Math.pow(10, i), i -> 1.7 + 1.0 / (i + 1)), DEFAULTS);
    assertEquals(0, fit.objectiveValue(), 1e-20);
    assertTrue(Double.isNaN(fit.estimate("a").low()) && Double.isNaN(fit.noise()));
    assertEquals(
        List.of("points: 3, as many as parameters: no interval can be given"), fit.warnings());
    assertThrows(IllegalStateException.class, () -> fit.draw(5, 1));
  }

  @Test
  void extremeNumbersGetAnAnswerOrARefusal() {
    Observations wide = points(10, i -> Math.pow(10, 60.0 * i - 300), i -> 1.7 + Math.pow(.7, i));
    Fit fit = Fitter.fit(POWER, wide, DEFAULTS);
    assertTrue(fit.status() != Status.CONVERGED || fit.objectiveValue() < 1e-20, fit.toString());
    Observations far = points(10, i -> 1e300 * (i + 1), i -> 1.7 + 1.0 / (i + 1));
    assertEquals(1, Fitter.fit(POWER, far, DEFAULTS).estimate("a").value(), 1e-6);
    Observations steep = points(10, i -> i + 1, i -> Math.pow(10, 90 - 18 * i));
    assertTrue(Fitter.fit(POWER, steep, DEFAULTS).status() != Status.CONVERGED);
  }

  @Test
  void fewOutliersDoNotMoveTheHuberFit() {
    Observations clean = noisyPower(60, .002, 5);
    double[] loss = clean.loss().clone();
    for (int i = 0; i < 6; i++) {
      loss[i * 9] *= 1.5;
    }
    Fit fit = Fitter.fit(POWER, new Observations(clean.x(), loss), DEFAULTS);
    assertEquals(.33, fit.estimate("a").value(), .03);
    assertEquals(1.7, fit.estimate("E").value(), .03);
  }

  @Test
  void levelsAreHonoured() {
    Observations data = noisyPower(60, .003, 6);
    Estimate wide = Fitter.fit(POWER, data, DEFAULTS.withLevel(.99)).estimate("a");
    Estimate narrow = Fitter.fit(POWER, data, DEFAULTS.withLevel(.5)).estimate("a");
    // Student's t with 57 degrees of freedom: 2.6649 and .6787 (tables).
    assertEquals(2.6649 / .6787, (wide.high() - wide.low()) / (narrow.high() - narrow.low()), 1e-3);
  }

  @Test
  void huberDeltaIsHonoured() {
    Observations data = noisyPower(60, .01, 6);
    Fit squares = Fitter.fit(POWER, data, DEFAULTS.withObjective(Objective.LEAST_SQUARES_LOG));
    Fit wide = Fitter.fit(POWER, data, DEFAULTS.withDelta(10));
    Fit usual = Fitter.fit(POWER, data, DEFAULTS);
    assertEquals(squares.objectiveValue() / 2, wide.objectiveValue(), 1e-12);
    assertArrayEquals(squares.theta(), wide.theta(), 1e-4 * squares.theta()[1]);
    assertTrue(Math.abs(usual.theta()[2] - wide.theta()[2]) > 1e-4);
  }

  @Test
  void coverageOfCovarianceIntervalsIsNearNominal() {
    for (Objective objective : List.of(Objective.HUBER_LOG, Objective.LEAST_SQUARES_LOG)) {
      int covered = 0;
      for (long seed = 1; seed <= 300; seed++) {
        Fit fit = Fitter.fit(POWER, noisyPower(40, .005, seed), DEFAULTS.withObjective(objective));
        Estimate a = fit.estimate("a");
        covered += a.low() <= .33 && .33 <= a.high() ? 1 : 0;
      }
      assertTrue(covered >= .91 * 300 && covered <= .995 * 300, objective + " " + covered);
    }
  }

  @Test
  void allGivenStartsAreUsed() {
    Observations data = noisyPower(60, .002, 7);
    Fit best = Fitter.fit(POWER, data, DEFAULTS);
    List<double[]> starts = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      starts.add(new double[] {9, Math.exp(i - 20), 2.5});
    }
    starts.add(new double[] {1.5, 300, .3});
    Fit fit = Fitter.fitFrom(POWER, data, DEFAULTS, starts);
    assertEquals(best.objectiveValue(), fit.objectiveValue(), 1e-9 * best.objectiveValue());
    assertThrows(
        IllegalArgumentException.class,
        () -> Fitter.fitFrom(POWER, data, DEFAULTS, List.of(new double[2])));
    assertThrows(
        IllegalArgumentException.class, () -> Fitter.fitFrom(POWER, data, DEFAULTS, List.of()));
  }

  @Test
  void manyPointsAreFittedWhole() {
    Observations data = noisyPower(60_000, .01, 8);
    Fit fit = Fitter.fit(POWER, data, DEFAULTS);
    assertEquals(Status.CONVERGED, fit.status());
    assertEquals(.33, fit.estimate("a").value(), .005);
    assertEquals(60_000, fit.points());
    double sum = 0;
    for (double residual : fit.residuals(data)) {
      double size = Math.abs(residual);
      sum += size <= 1e-3 ? .5 * size * size : 1e-3 * (size - .5e-3);
    }
    assertEquals(sum, fit.objectiveValue(), 1e-9 * sum);
  }

  @Test
  void optionsThatMakeNoSenseAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withDelta(0));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withDelta(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withLevel(1));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withBootstrap(-1));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withBootstrap(5));
    assertThrows(IllegalArgumentException.class, () -> DEFAULTS.withThreads(0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Observations(new double[3][1], new double[2], new int[3]));
  }
}
