package dev.headroom.scaling.law;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.fit.Status;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds for every law: one that is added to {@link Laws} is tested here without a new line. */
class LawContractTest {

  private static final int POINTS = 120;

  static List<Law> laws() {
    return Laws.all();
  }

  @ParameterizedTest
  @MethodSource("laws")
  void gradientIsThatOfTheValue(Law law) {
    SplittableRandom random = new SplittableRandom(11);
    for (int trial = 0; trial < 200; trial++) {
      double[] x = variables(law, random);
      double[] theta = truth(law, random);
      double[] gradient = new double[theta.length];
      law.gradient(x, theta, gradient);
      for (int j = 0; j < theta.length; j++) {
        double step = 1e-6 * Math.max(1, Math.abs(theta[j]));
        double[] moved = theta.clone();
        moved[j] = theta[j] + step;
        double above = law.value(x, moved);
        moved[j] = theta[j] - step;
        double below = law.value(x, moved);
        double expected = (above - below) / (2 * step);
        double size = Math.max(Math.abs(expected), Math.abs(law.value(x, theta)));
        assertEquals(expected, gradient[j], 1e-8 * size, law.parameters().get(j).name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("laws")
  void valueIsTheSumOverItsLinearParameters(Law law) {
    SplittableRandom random = new SplittableRandom(12);
    double[] x = variables(law, random);
    double[] theta = truth(law, random);
    double[] gradient = new double[theta.length];
    law.gradient(x, theta, gradient);
    double sum = 0;
    for (int j = 0; j < theta.length; j++) {
      sum += law.parameters().get(j).isLinear() ? theta[j] * gradient[j] : 0;
    }
    assertEquals(law.value(x, theta), sum, 1e-14 * Math.abs(sum));
  }

  @ParameterizedTest
  @MethodSource("laws")
  void exactDataGiveTheParametersBack(Law law) {
    for (Objective objective : Objective.values()) {
      double[] theta = truth(law, new SplittableRandom(13));
      Fit fit =
          Fitter.fit(law, data(law, theta, 0, 13), FitOptions.defaults().withObjective(objective));
      assertEquals(Status.CONVERGED, fit.status(), fit.warnings().toString());
      for (int j = 0; j < theta.length; j++) {
        assertEquals(theta[j], fit.theta()[j], 1e-7 * theta[j], objective + " " + fit.estimates());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("laws")
  void noiseOfThreePerMilleMovesParametersLittle(Law law) {
    recovers(law, .003, .06);
  }

  @ParameterizedTest
  @MethodSource("laws")
  void noiseOfOnePerCentMovesParametersSomewhat(Law law) {
    recovers(law, .01, .2);
  }

  private static void recovers(Law law, double noise, double tolerance) {
    for (Objective objective : Objective.values()) {
      for (long seed = 21; seed < 26; seed++) {
        double[] theta = truth(law, new SplittableRandom(seed));
        FitOptions options =
            FitOptions.defaults().withObjective(objective).withDelta(.01).withLevel(.9999);
        Fit fit = Fitter.fit(law, data(law, theta, noise, seed), options);
        assertEquals(Status.CONVERGED, fit.status(), "seed " + seed + fit.warnings());
        for (int j = 0; j < theta.length; j++) {
          Estimate estimate = fit.estimates().get(j);
          String at = "seed " + seed + " " + objective + " truth " + theta[j] + " " + estimate;
          assertEquals(theta[j], estimate.value(), tolerance * theta[j], at);
          assertTrue(estimate.low() <= theta[j] && theta[j] <= estimate.high(), at);
        }
        assertEquals(noise, relativeNoise(fit, law, theta, seed), .35 * noise, "seed " + seed);
      }
    }
  }

  private static double relativeNoise(Fit fit, Law law, double[] theta, long seed) {
    if (fit.objective().isLogarithmic()) {
      return fit.noise();
    }
    double sum = 0;
    for (double loss : data(law, theta, 0, seed).loss()) {
      sum += loss * loss / POINTS;
    }
    return fit.noise() / Math.sqrt(sum);
  }

  @ParameterizedTest
  @MethodSource("laws")
  void changeOfUnitsChangesNoValue(Law law) {
    SplittableRandom random = new SplittableRandom(14);
    double[] x = variables(law, random);
    double[] theta = truth(law, random);
    double[] factors = new double[x.length];
    double[] scaled = new double[x.length];
    for (int k = 0; k < x.length; k++) {
      factors[k] = Math.pow(10, 3 + 2 * k);
      scaled[k] = x[k] * factors[k];
    }
    double value = law.value(x, theta);
    assertEquals(value, law.value(scaled, law.rescaled(theta, factors)), 1e-13 * value);
  }

  @ParameterizedTest
  @MethodSource("laws")
  void changeOfUnitsChangesNoFit(Law law) {
    double[] theta = truth(law, new SplittableRandom(15));
    Observations data = data(law, theta, .003, 15);
    double[] factors = new double[law.variables().size()];
    double[][] x = new double[data.size()][factors.length];
    for (int k = 0; k < factors.length; k++) {
      factors[k] = Math.pow(10, 9 - 12 * k);
      for (int i = 0; i < x.length; i++) {
        x[i][k] = data.x()[i][k] * factors[k];
      }
    }
    Fit fit = Fitter.fit(law, data, FitOptions.defaults());
    Fit other = Fitter.fit(law, new Observations(x, data.loss()), FitOptions.defaults());
    assertEquals(fit.objectiveValue(), other.objectiveValue(), 1e-9 * fit.objectiveValue());
    double[] expected = law.rescaled(fit.theta(), factors);
    for (int j = 0; j < expected.length; j++) {
      assertEquals(expected[j], other.theta()[j], 1e-5 * expected[j]);
    }
    Estimate band = fit.meanInterval(.9, data.x()[0]);
    Estimate same = other.meanInterval(.9, x[0]);
    assertEquals(band.high() - band.low(), same.high() - same.low(), 1e-4 * band.value());
  }

  @ParameterizedTest
  @MethodSource("laws")
  void numbersOutsideTheDomainAreRefusedByName(Law law) {
    double[] theta = truth(law, new SplittableRandom(16));
    for (int k = 0; k < law.variables().size(); k++) {
      Variable variable = law.variables().get(k);
      for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 0, -1}) {
        if (variable.accepts(bad)) {
          continue;
        }
        double[] x = variables(law, new SplittableRandom(16));
        x[k] = bad;
        String message =
            assertThrows(IllegalArgumentException.class, () -> law.value(x, theta)).getMessage();
        assertEquals(
            variable.name() + ": " + bad + " (expected: " + variable.rule() + ")", message);
      }
    }
    double[] tooMany = new double[law.variables().size() + 1];
    assertThrows(IllegalArgumentException.class, () -> law.value(tooMany, theta));
    double[] tooFew = new double[theta.length - 1];
    double[] x = variables(law, new SplittableRandom(16));
    assertThrows(IllegalArgumentException.class, () -> law.value(x, tooFew));
    assertThrows(IllegalArgumentException.class, () -> law.gradient(x, theta, tooFew));
  }

  @ParameterizedTest
  @MethodSource("laws")
  void everyNumberHasAMeaningAndTheFormulaNamesEveryParameter(Law law) {
    assertEquals(law, Laws.named(law.name()));
    assertTrue(law.source().contains("arXiv"), law.source());
    for (Parameter parameter : law.parameters()) {
      assertTrue(law.formula().contains(parameter.name()), parameter.name());
      assertTrue(!parameter.meaning().isBlank() && !parameter.unit().isBlank());
    }
  }

  @ParameterizedTest
  @MethodSource("laws")
  void evaluationDoesNotTouchItsArguments(Law law) {
    SplittableRandom random = new SplittableRandom(17);
    double[] x = variables(law, random);
    double[] theta = truth(law, random);
    double[] same = theta.clone();
    law.value(x, theta);
    double[] ones = new double[x.length];
    java.util.Arrays.fill(ones, 2);
    law.rescaled(theta, ones);
    assertArrayEquals(same, theta);
  }

  /** Levels and factors near 1 to 2, exponents that differ, all positive. */
  private static double[] truth(Law law, SplittableRandom random) {
    double[] theta = new double[law.parameters().size()];
    double exponent = .3;
    for (int j = 0; j < theta.length; j++) {
      if (law.parameters().get(j).isLinear()) {
        theta[j] = 1.2 + .8 * random.nextDouble();
      } else {
        theta[j] = exponent + .1 * random.nextDouble();
        exponent += .2;
      }
    }
    return theta;
  }

  /** Positive variables over four decades around 1, others from 0 to .4. */
  private static double[] variables(Law law, SplittableRandom random) {
    double[] x = new double[law.variables().size()];
    for (int k = 0; k < x.length; k++) {
      double u = random.nextDouble();
      x[k] =
          law.variables().get(k).domain() == Variable.Domain.POSITIVE
              ? Math.pow(10, 4 * u - 2)
              : .4 * u;
    }
    return x;
  }

  private static Observations data(Law law, double[] theta, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[POINTS][];
    double[] loss = new double[POINTS];
    for (int i = 0; i < POINTS; i++) {
      x[i] = variables(law, random);
      loss[i] = law.value(x[i], theta) * Math.exp(noise * random.nextGaussian());
    }
    return new Observations(x, loss);
  }
}
