package dev.headroom.scaling.choice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChoiceTest {

  private static final Law POWER = Laws.named("power");
  private static final Law CHINCHILLA = Laws.named("chinchilla");
  private static final FitOptions OPTIONS = FitOptions.defaults();

  /** Losses 2 + 8 x^-.3 over four decades, with noise of log-loss. */
  private static Runs power(double noise, long seed) {
    Random random = new Random(seed);
    double[] x = IntStream.range(0, 40).mapToDouble(i -> Math.pow(10, 3 + i / 10.)).toArray();
    double[] loss =
        Arrays.stream(x)
            .map(v -> (2 + 8 * Math.pow(v, -.3)) * Math.exp(noise * random.nextGaussian()))
            .toArray();
    return Runs.of(Map.of("x", x), loss, IntStream.range(0, 40).toArray());
  }

  @Test
  void choosesTheLawThatExtrapolates() {
    LawChoice choice =
        LawChoice.of(power(.002, 1), List.of(Laws.named("power0"), POWER, CHINCHILLA), OPTIONS);
    assertEquals("power", choice.best().name());
    LawChoice.Score other =
        choice.scores().stream().filter(s -> s.name().equals("power0")).findFirst().orElseThrow();
    assertFalse(other.likeBest());
    assertTrue(other.held() > 3 * choice.best().held());
    String words = String.join("\n", choice.explanation());
    assertTrue(words.contains("power is chosen"), words);
    assertTrue(words.contains("power0 misses them by"), words);
    assertTrue(words.contains("R2"), words);
  }

  @Test
  void saysWhichLawsCannotBeToldApart() {
    double[] x = IntStream.range(0, 30).mapToDouble(i -> Math.pow(10, 3 + i / 10.)).toArray();
    Random random = new Random(4);
    double[] loss =
        Arrays.stream(x)
            .map(v -> 8 * Math.pow(v, -.1) * Math.exp(.01 * random.nextGaussian()))
            .toArray();
    Runs runs = Runs.of(Map.of("x", x), loss, IntStream.range(0, 30).toArray());
    LawChoice choice = LawChoice.of(runs, List.of(POWER, Laws.named("power0")), OPTIONS);
    assertTrue(choice.scores().get(1).likeBest());
    assertTrue(
        choice.explanation().get(1).contains("not told apart"), choice.explanation().toString());
  }

  @Test
  void saysThatTooFewRunsCannotBeHeldOut() {
    Runs few = power(.002, 1).rows(new int[] {0, 10, 20, 25, 30});
    LawChoice choice = LawChoice.of(few, List.of(POWER), OPTIONS);
    assertEquals(0, choice.cuts());
    assertTrue(choice.explanation().get(0).contains("too few runs"));
    BandForecast band = new BandForecaster(few, List.of(POWER), OPTIONS).at(power(0, 1), 39, .9);
    assertTrue(band.method().contains("too few runs"), band.method());
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> LawChoice.of(few.rows(new int[] {0, 1}), List.of(POWER), OPTIONS));
    assertTrue(e.getMessage().contains("points: 2"), e.getMessage());
  }

  @Test
  void bandsCoverAsOftenAsTheySay() {
    int[] hits = new int[2];
    int trials = 60;
    for (int seed = 0; seed < trials; seed++) {
      Runs all = power(.005, 100 + seed);
      BandForecaster forecaster =
          new BandForecaster(all.upTo(all.scale()[29]), List.of(POWER), OPTIONS);
      BandForecast far = forecaster.at(all, 39, .5, .9);
      hits[0] += far.interval(.5).holds(all.loss()[39]) ? 1 : 0;
      hits[1] += far.interval(.9).holds(all.loss()[39]) ? 1 : 0;
      assertEquals(10, far.ratio(), 1e-6);
    }
    assertTrue(hits[1] >= .8 * trials, hits[1] + " of " + trials + " at 90 %");
    assertTrue(hits[0] >= .35 * trials && hits[0] <= .8 * trials, hits[0] + " at 50 %");
  }

  @Test
  void scoresIntervalsByWidthAndMisses() {
    assertEquals(.2, IntervalScore.of(2.9, 3.1, .9, 3), 1e-12);
    assertEquals(.2 + 2 / .1 * .05, IntervalScore.of(2.9, 3.1, .9, 3.15), 1e-9);
    assertEquals(.2 + 2 / .1 * .05, IntervalScore.of(2.9, 3.1, .9, 2.85), 1e-9);
    BandForecast forecast =
        new BandForecast(3, List.of(new BandForecast.Interval(.9, 2.9, 3.1)), 1, "");
    assertEquals((.5 * .05 + .05 * .2) / 1.5, IntervalScore.weighted(forecast, 3.05), 1e-12);
    assertThrows(IllegalArgumentException.class, () -> forecast.interval(.8));
  }

  @Test
  void findsTheRunThatAFitHangsOn() {
    Runs runs = power(.001, 9);
    double[] loss = runs.loss();
    loss[38] *= 1.1;
    Observations data =
        new Runs(runs.columns(), loss, runs.scale(), runs.group()).observations(POWER);
    FitOptions squares =
        OPTIONS.withObjective(dev.headroom.scaling.fit.Objective.LEAST_SQUARES_LOG);
    Fit fit = Fitter.fit(POWER, data, squares);
    Influence influence = Influence.of(fit, data, squares, new double[] {1e8});
    assertEquals(40, influence.runs().size());
    assertEquals(List.of(38), influence.runs().get(0).rows());
    assertTrue(influence.runs().get(0).isUnusual());
    assertTrue(influence.runs().get(0).change() < -.005, "without it the forecast falls");
    assertTrue(Math.abs(influence.runs().get(5).change()) < .005);
  }

  @Test
  void leavesOutWholeRuns() {
    Runs runs = power(.001, 9);
    int[] group = IntStream.range(0, 40).map(i -> i / 4).toArray();
    Observations data = new Observations(runs.observations(POWER).x(), runs.loss(), group);
    Fit fit = Fitter.fit(POWER, data, OPTIONS);
    Influence influence = Influence.of(fit, data, OPTIONS, new double[] {1e8});
    assertEquals(10, influence.runs().size());
    assertEquals(4, influence.runs().get(0).rows().size());
  }

  @Test
  void takesTheProductOfSizesAsScale() {
    Runs runs =
        Runs.of(
            CHINCHILLA,
            new Observations(
                new double[][] {{1e8, 2e9}, {2e8, 4e9}, {1e8, 4e9}, {1e9, 1e9}, {1e9, 2e9}},
                new double[] {3, 2.9, 2.95, 2.8, 2.7}));
    assertEquals(2e17, runs.scale()[0], 1e3);
    assertEquals(1, runs.upTo(2e17).size());
    assertEquals(List.of(POWER), power(0, 1).allowed(List.of(CHINCHILLA, POWER)));
  }

  @Test
  void realTablesHaveOneUnitEach() {
    RealSets.all()
        .forEach(
            (name, runs) -> {
              Observations data = runs.observations(Laws.named("chinchilla"));
              Fit fit = Fitter.fit(Laws.named("chinchilla"), data, FitOptions.defaults());
              fit.warnings().forEach(w -> assertFalse(w.contains("mixed units"), name + ": " + w));
            });
  }
}
