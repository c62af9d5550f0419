package dev.headroom.scaling.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private static final Law POWER = Laws.named("power");
  private static final FitOptions OPTIONS = FitOptions.defaults().withBootstrap(400).withSeed(3);

  /** Runs of some points each; all points of a run share an error, as those of real runs do. */
  private static Observations runs(int runs, int each, double shared, double own, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[runs * each][];
    double[] loss = new double[runs * each];
    int[] group = new int[runs * each];
    for (int run = 0; run < runs; run++) {
      double error = shared * random.nextGaussian();
      for (int k = 0; k < each; k++) {
        int i = run * each + k;
        x[i] = new double[] {1e6 * Math.pow(1e4, (run + (double) k / each) / runs)};
        group[i] = run;
        loss[i] =
            (1.7 + 400 * Math.pow(x[i][0], -.33)) * Math.exp(error + own * random.nextGaussian());
      }
    }
    return new Observations(x, loss, group);
  }

  @Test
  void sameAnswerForAnyNumberOfThreads() {
    Observations data = runs(60, 1, 0, .004, 1);
    Fit one = Fitter.fit(POWER, data, OPTIONS);
    for (int threads : new int[] {2, 5}) {
      Fit more = Fitter.fit(POWER, data, OPTIONS.withThreads(threads));
      assertEquals(one.estimates(), more.estimates());
      assertTrue(Arrays.deepEquals(one.samples(), more.samples()));
    }
  }

  @Test
  void seedIsHonoured() {
    Observations data = runs(60, 1, 0, .004, 1);
    Fit one = Fitter.fit(POWER, data, OPTIONS);
    Fit other = Fitter.fit(POWER, data, OPTIONS.withSeed(4));
    assertArrayEquals(one.theta(), other.theta());
    assertFalse(Arrays.equals(one.samples()[0], other.samples()[0]));
  }

  @Test
  void intervalsAgreeWithTheCovariance() {
    Observations data = runs(200, 1, 0, .004, 2);
    FitOptions squares = OPTIONS.withObjective(Objective.LEAST_SQUARES_LOG).withBootstrap(2000);
    Estimate resampled = Fitter.fit(POWER, data, squares).estimate("a");
    Estimate covariance = Fitter.fit(POWER, data, squares.withBootstrap(0)).estimate("a");
    double ratio = (resampled.high() - resampled.low()) / (covariance.high() - covariance.low());
    assertEquals(1, ratio, .15);
  }

  @Test
  void pointsOfOneRunAreDrawnTogether() {
    Observations data = runs(30, 20, .005, .0005, 3);
    Estimate byRun = Fitter.fit(POWER, data, OPTIONS).estimate("E");
    Estimate byPoint =
        Fitter.fit(POWER, new Observations(data.x(), data.loss()), OPTIONS).estimate("E");
    assertTrue(byRun.high() - byRun.low() > 2.5 * (byPoint.high() - byPoint.low()));
    assertEquals(0, Fitter.fit(POWER, data, OPTIONS).warnings().size());
  }

  @Test
  void fewRunsOfManyPointsAreWarnedOf() {
    Fit fit = Fitter.fit(POWER, runs(4, 30, .003, .001, 4), OPTIONS);
    assertTrue(
        fit.warnings()
            .contains(
                "120 points come from 4 runs and are not independent: intervals are too narrow"),
        fit.warnings().toString());
  }

  @Test
  void weighingCountsPointsAsOftenAsDrawn() {
    Observations data = runs(20, 1, 0, .01, 5);
    int[] counts = new int[20];
    double[][] x = new double[20][];
    double[] loss = new double[20];
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 20; i++) {
      int drawn = random.nextInt(20);
      counts[drawn]++;
      x[i] = data.x()[drawn];
      loss[i] = data.loss()[drawn];
    }
    Observations repeated = new Observations(x, loss);
    FitOptions options = FitOptions.defaults();
    double[] theta = {1.6, 300, .3};
    ScaledData all = ScaledData.of(POWER, data);
    ScaledData some = ScaledData.of(POWER, repeated);
    Misfit weighed = new Misfit(all, options);
    weighed.weigh(counts);
    double expected = new Misfit(some, options).evaluate(some.scaled(theta), new double[3]);
    assertEquals(expected, weighed.evaluate(all.scaled(theta), new double[3]), 1e-13);
  }

  @Test
  void smallSamplesAreRedrawnUntilTheyCanBeFitted() {
    Fit fit = Fitter.fit(POWER, runs(4, 1, 0, .01, 7), OPTIONS);
    assertEquals(400, fit.samples().length);
    for (double[] sample : fit.samples()) {
      for (double value : sample) {
        assertTrue(Double.isFinite(value));
      }
    }
  }

  @Test
  void intervalsOfTheLawHoldTheTruth() {
    Fit fit = Fitter.fit(POWER, runs(80, 1, 0, .004, 8), OPTIONS);
    double truth = 1.7 + 400 * Math.pow(1e9, -.33);
    Estimate mean = fit.meanInterval(.99, 1e9);
    assertTrue(mean.low() < truth && truth < mean.high(), mean.toString());
    Estimate single = fit.predictionInterval(.9, 1e9);
    assertEquals(2 * 1.66 * .004 * truth, single.high() - single.low(), .006);
    Fit plain = Fitter.fit(POWER, runs(80, 1, 0, .004, 8), FitOptions.defaults());
    Estimate first = plain.meanInterval(.99, 1e9);
    assertEquals(
        mean.high() - mean.low(), first.high() - first.low(), .4 * (mean.high() - mean.low()));
  }

  @Test
  void drawsSpreadLikeTheCovariance() {
    Fit fit = Fitter.fit(POWER, runs(80, 1, 0, .004, 9), FitOptions.defaults());
    double[][] draws = fit.draw(20_000, 5);
    double sum = 0;
    double product = 0;
    for (double[] draw : draws) {
      double a = draw[2] - fit.theta()[2];
      sum += a * a / draws.length;
      product += a * (draw[0] - fit.theta()[0]) / draws.length;
    }
    assertEquals(fit.covariance()[2][2], sum, .05 * sum);
    assertEquals(fit.covariance()[0][2], product, .05 * product);
    assertArrayEquals(draws[7], fit.draw(8, 5)[7]);
  }
}
