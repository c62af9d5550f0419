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
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds for every law: one that is added to {@link Laws} is tested here without a new line. */
class LawContractTest {

  private static final int POINTS = 120;

  /** Laws that 120 points with noise need not determine; then their fit may say so. */
  private static final Set<String> HARD =
      Set.of("multi-power", "broken:2", "loss-to-loss", "mixture-joint:2");

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
        double step = 1e-5 * Math.max(.1, Math.abs(theta[j]));
        double[] moved = theta.clone();
        moved[j] = theta[j] + step;
        double above = law.value(x, moved);
        moved[j] = theta[j] - step;
        double below = law.value(x, moved);
        double expected = (above - below) / (2 * step);
        double size = Math.max(Math.abs(expected), Math.abs(law.value(x, theta)));
        assertEquals(expected, gradient[j], 1e-7 * size, law.parameters().get(j).name());
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
    Assumptions.assumeTrue(
        law.parameters().stream().anyMatch(Parameter::isLinear), "no parameter enters linearly");
    assertEquals(law.value(x, theta), sum, 4e-14 * Math.abs(sum));
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
        assertEquals(
            theta[j], fit.theta()[j], 1e-7 * Math.abs(theta[j]), objective + " " + fit.estimates());
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
        if (fit.status() == Status.CONVERGED || !HARD.contains(law.name())) {
          assertEquals(Status.CONVERGED, fit.status(), "seed " + seed + fit.warnings());
          if (objective.isLogarithmic() || !HARD.contains(law.name())) {
            assertNear(fit, theta, tolerance, "seed " + seed);
          }
        }
        assertEquals(0, misprediction(fit, law, theta, seed), noise, "seed " + seed);
        assertEquals(noise, relativeNoise(fit, law, theta, seed), .5 * noise, "seed " + seed);
      }
    }
  }

  /**
   * A parameter that these data determine is found to the tolerance, any other to its interval;
   * least squares with noise in proportion to the loss has intervals for another noise.
   */
  private static void assertNear(Fit fit, double[] theta, double tolerance, String seed) {
    for (int j = 0; j < theta.length; j++) {
      Estimate estimate = fit.estimates().get(j);
      String at = seed + " " + fit.objective() + " truth " + theta[j] + " " + estimate;
      double width = estimate.high() - estimate.low();
      double near = Math.max(tolerance * Math.abs(theta[j]), 3 * width);
      assertEquals(theta[j], estimate.value(), near, at);
      if (fit.objective().isLogarithmic()) {
        assertTrue(estimate.low() - .2 * width <= theta[j], at);
        assertTrue(theta[j] <= estimate.high() + .2 * width, at);
      }
    }
  }

  /** Returns the root mean square of the relative error of the fitted law at the points. */
  private static double misprediction(Fit fit, Law law, double[] theta, long seed) {
    double squares = 0;
    double size = 0;
    for (double[] x : data(law, theta, 0, seed).x()) {
      double truth = law.value(x, theta);
      double error = fit.predict(x) - truth;
      boolean relative = fit.objective().isLogarithmic();
      squares += relative ? error * error / (truth * truth) : error * error;
      size += relative ? 1 : truth * truth;
    }
    return Math.sqrt(squares / size);
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
    }
    factors = law.unitFactors(factors);
    for (int k = 0; k < x.length; k++) {
      scaled[k] = x[k] * factors[k];
    }
    double value = law.value(x, theta);
    assertEquals(value, law.value(scaled, law.rescaled(theta, factors)), 1e-12 * value);
  }

  @ParameterizedTest
  @MethodSource("laws")
  void changeOfUnitsChangesNoFit(Law law) {
    double[] theta = truth(law, new SplittableRandom(15));
    Observations data = data(law, theta, .003, 15);
    double[] factors = new double[law.variables().size()];
    double[][] x = new double[data.size()][factors.length];
    for (int k = 0; k < factors.length; k++) {
      factors[k] = Math.pow(10, 9 - 6 * k);
    }
    factors = law.unitFactors(factors);
    for (int k = 0; k < factors.length; k++) {
      for (int i = 0; i < x.length; i++) {
        x[i][k] = data.x()[i][k] * factors[k];
      }
    }
    Fit fit = Fitter.fit(law, data, FitOptions.defaults());
    Fit other = Fitter.fit(law, new Observations(x, data.loss()), FitOptions.defaults());
    assertEquals(fit.objectiveValue(), other.objectiveValue(), 1e-9 * fit.objectiveValue());
    double[] expected = law.rescaled(fit.theta(), factors);
    for (int j = 0; j < expected.length; j++) {
      assertEquals(expected[j], other.theta()[j], 1e-5 * Math.abs(expected[j]));
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

  private static double[] truth(Law law, SplittableRandom random) {
    return law.typical().near(random);
  }

  private static double[] variables(Law law, SplittableRandom random) {
    return law.typical().draw(law, random);
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
