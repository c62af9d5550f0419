package dev.headroom.scaling.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Laws;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class PlanTest {

  private static final double[] THETA = {1.7, 400, 410, .34, .28};
  private static final ChinchillaPlan PLAN = new ChinchillaPlan(THETA);
  private static final FitOptions SQUARES =
      FitOptions.defaults().withObjective(Objective.LEAST_SQUARES_LOG);

  @Test
  void noOtherSplitOfTheBudgetIsBetter() {
    ChinchillaPlan.Split best = PLAN.optimum(1e22);
    assertEquals(1e22, 6 * best.params() * best.tokens(), 1e14);
    for (double factor : new double[] {.9, .99, 1.01, 1.1}) {
      assertTrue(PLAN.loss(best.params() * factor, best.tokens() / factor) > best.loss());
    }
    assertEquals(best.params(), PLAN.paramsFor(best.tokens()), 1e-6 * best.params());
  }

  @Test
  void boundsMoveTheSplitToTheirEdge() {
    ChinchillaPlan.Split free = PLAN.optimum(1e22);
    ChinchillaPlan.Split few = PLAN.bounded(1e22, 0, 1e9, Double.MAX_VALUE);
    assertEquals(1e9, few.params());
    assertTrue(few.loss() > free.loss());
    assertEquals(1e11, PLAN.bounded(1e22, 0, Double.MAX_VALUE, 1e11).tokens(), 1);
    assertEquals(free.params(), PLAN.bounded(1e22, 1e6, 1e13, 1e15).params(), 1e-9 * free.params());
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> PLAN.bounded(1e22, 0, 1e9, 1e11));
    assertTrue(e.getMessage().contains("room between"), e.getMessage());
  }

  @Test
  void servingMakesTheModelSmaller() {
    ChinchillaPlan.Split free = PLAN.optimum(1e22);
    ChinchillaPlan.Split served = PLAN.withInference(1e22, 1e12);
    assertTrue(served.params() < free.params() && served.loss() > free.loss());
    double spent = 6 * served.params() * served.tokens() + 2 * served.params() * 1e12;
    assertEquals(1e22, spent, 1e15);
    assertEquals(free.params(), PLAN.withInference(1e22, 0).params(), 1e-5 * free.params());
    for (double factor : new double[] {.95, 1.05}) {
      double params = served.params() * factor;
      assertTrue(PLAN.loss(params, (1e22 / params - 2e12) / 6) > served.loss());
    }
    assertEquals(free.tokens(), PLAN.tokensTo(free.loss(), free.params()), 1e-6 * free.tokens());
    assertTrue(Double.isNaN(PLAN.tokensTo(1.75, 1e6)));
  }

  @Test
  void repeatedDataAreWorthLess() {
    ChinchillaPlan.Split free = PLAN.optimum(1e22);
    RepeatedData plenty = new RepeatedData(PLAN, 1e15, RepeatedData.TOKENS);
    assertEquals(free.loss(), plenty.optimum(1e22).loss(), 1e-9);
    RepeatedData scarce = new RepeatedData(PLAN, free.tokens() / 10, RepeatedData.TOKENS);
    ChinchillaPlan.Split limited = scarce.optimum(1e22);
    assertTrue(limited.loss() > free.loss());
    assertEquals(PLAN.loss(1e8, 1e9), scarce.loss(1e8, 1e9), 1e-12);
    // Muennighoff et al.: repeating up to 4 times is nearly as good as new data.
    double u = 1e10;
    double n = PLAN.paramsFor(u);
    double four = new RepeatedData(PLAN, u, RepeatedData.TOKENS).loss(n, 4 * u);
    double gain = PLAN.loss(n, u) - PLAN.loss(n, 4 * u);
    assertTrue(PLAN.loss(n, u) - four > .85 * gain);
  }

  @Test
  void stepLawIsWithinItsFactorOfTheBestOfPublishedGrids() throws IOException {
    assertEquals(
        1.79 * Math.pow(1e9, -.713) * Math.pow(1e11, .307),
        StepLaw.learningRate(1e9, 1e11).value(),
        1e-12);
    Path path = Path.of("../../shared/data/steplaw/dense.csv");
    Assumptions.assumeTrue(Files.isReadable(path), () -> "skipped: " + path + " is not there");
    java.util.Map<String, double[]> best = new java.util.TreeMap<>();
    for (String line : Files.readAllLines(path).subList(1, 1322)) {
      String[] c = line.split(",");
      double[] row = new double[5];
      int[] columns = {10, 9, 4, 5, 8};
      for (int k = 0; k < 5; k++) {
        row[k] = Double.parseDouble(c[columns[k]]);
      }
      best.merge(c[10] + " " + c[9], row, (p, q) -> p[4] <= q[4] ? p : q);
    }
    int inside = 0;
    for (double[] row : best.values()) {
      Estimate lr = StepLaw.learningRate(row[0], row[1]);
      Estimate batch = StepLaw.batchTokens(row[1]);
      inside += lr.low() <= row[2] && row[2] <= lr.high() ? 1 : 0;
      inside += batch.low() <= 2048 * row[3] && 2048 * row[3] <= batch.high() ? 1 : 0;
    }
    assertTrue(best.size() >= 10 && inside >= .85 * 2 * best.size(), inside + " of " + best.size());
  }

  private static Fit fit(List<double[]> rows) {
    return Fitter.fit(Laws.named("chinchilla"), observations(rows), SQUARES);
  }

  private static Observations observations(List<double[]> rows) {
    double[][] x = rows.stream().map(r -> new double[] {r[0], r[1]}).toArray(double[][]::new);
    return new Observations(x, rows.stream().mapToDouble(r -> r[2]).toArray());
  }

  private static double[] run(double n, double d, Random random) {
    return new double[] {n, d, PLAN.loss(n, d) * Math.exp(.004 * random.nextGaussian())};
  }

  private static double cost(double[] x) {
    return 6 * x[0] * x[1];
  }

  @Test
  void plannedIntervalsHoldTheTruthAboutAsOftenAsTheySay() {
    int hits = 0;
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      List<double[]> rows = new ArrayList<>();
      for (double n = 1e7; n < 1e10; n *= 2.5) {
        for (double d = 2e8; d < 2e11; d *= 3) {
          rows.add(run(n, d, random));
        }
      }
      Planner planner = new Planner(fit(rows), .9, 1);
      Estimate params = planner.estimate("n", p -> p.optimum(1e22).params());
      double truth = PLAN.optimum(1e22).params();
      hits += params.low() <= truth && truth <= params.high() ? 1 : 0;
    }
    assertTrue(hits >= 47 && hits <= 60, hits + " of 60");
    assertTrue(Double.isNaN(new Planner(THETA).estimate("n", p -> 1).low()));
  }

  /** Root mean square errors of the forecast with designed and with random runs of equal cost. */
  @Test
  void designedRunsBeatRandomOnesOfTheSameCostInSimulation() {
    double[] target = {7e9, 1.4e11};
    List<double[]> candidates = new ArrayList<>();
    for (double n = 2e7; n < 3e9; n *= 2) {
      for (double d = 4e8; d < 6e10; d *= 2) {
        candidates.add(new double[] {n, d});
      }
    }
    double budget = 2e20;
    double designed = 0;
    double drawn = 0;
    double predicted = 0;
    int trials = 60;
    for (int seed = 0; seed < trials; seed++) {
      Random random = new Random(seed);
      List<double[]> rows = new ArrayList<>();
      for (double n = 2e7; n < 4e8; n *= 2) {
        for (double d = 4e8; d < 8e9; d *= 3) {
          rows.add(run(n, d, random));
        }
      }
      ExperimentDesign design = new ExperimentDesign(fit(rows), observations(rows), target);
      List<ExperimentDesign.Choice> chosen = design.choose(candidates, PlanTest::cost, budget);
      List<double[]> runs = chosen.stream().map(c -> candidates.get(c.candidate())).toList();
      assertTrue(runs.stream().mapToDouble(PlanTest::cost).sum() <= budget);
      predicted += Math.pow(chosen.get(chosen.size() - 1).error(), 2) / trials;
      designed += squaredError(rows, runs, target, random) / trials;
      drawn += squaredError(rows, random(candidates, budget, random), target, random) / trials;
    }
    System.out.printf(
        "simulation: designed %.3f %% (predicted %.3f %%), random %.3f %%%n",
        100 * Math.sqrt(designed), 100 * Math.sqrt(predicted), 100 * Math.sqrt(drawn));
    assertTrue(designed < .8 * drawn, designed + " against " + drawn);
  }

  private static List<double[]> random(List<double[]> candidates, double budget, Random random) {
    List<double[]> order = new ArrayList<>(candidates);
    Collections.shuffle(order, random);
    List<double[]> chosen = new ArrayList<>();
    double left = budget;
    for (double[] x : order) {
      if (cost(x) <= left) {
        chosen.add(x);
        left -= cost(x);
      }
    }
    return chosen;
  }

  private static double squaredError(
      List<double[]> rows, List<double[]> more, double[] target, Random random) {
    List<double[]> all = new ArrayList<>(rows);
    more.forEach(x -> all.add(run(x[0], x[1], random)));
    double error = Math.log(fit(all).predict(target) / PLAN.loss(target[0], target[1]));
    return error * error;
  }

  /**
   * Among real runs the law's own misfit is as large as the noise, and then random runs of the same
   * cost do as well: both are printed.
   */
  @Test
  void designedRunsSharpenForecastsOfRealRuns() throws IOException {
    Path path = Path.of("../../shared/data/chinchilla-fig4/chinchilla_fig4.csv");
    Assumptions.assumeTrue(Files.isReadable(path), () -> "skipped: " + path + " is not there");
    List<double[]> all = new ArrayList<>();
    for (String line : Files.readAllLines(path).subList(1, 246)) {
      String[] c = line.split(",");
      double[] row = {number(c[0]), number(c[1]), number(c[3])};
      if (row[2] < 3.446) {
        all.add(row);
      }
    }
    all.sort(java.util.Comparator.comparingDouble(PlanTest::cost));
    List<double[]> known = all.subList(0, 60);
    List<double[]> large = all.stream().filter(r -> cost(r) > 1e21).toList();
    List<double[]> pool = all.subList(60, all.size()).stream().filter(r -> cost(r) < 3e20).toList();
    double[] target = {5e9, 1e11};
    List<double[]> shapes = pool.stream().map(r -> new double[] {r[0], r[1]}).toList();
    ExperimentDesign design = new ExperimentDesign(fit(known), observations(known), target);
    double ours = 0;
    double random = 0;
    double[] budgets = {5e20, 1e21, 2e21};
    for (double budget : budgets) {
      List<double[]> chosen =
          design.choose(shapes, PlanTest::cost, budget).stream()
              .map(c -> pool.get(c.candidate()))
              .toList();
      double with = error(known, chosen, large);
      double[] draws = new double[30];
      for (int k = 0; k < draws.length; k++) {
        draws[k] = error(known, random(pool, budget, new Random(k)), large);
      }
      java.util.Arrays.sort(draws);
      System.out.printf(
          "real runs, %.0e FLOPs: before %.2f %%, designed (%d runs) %.2f %%, random median %.2f"
              + " %%%n",
          budget, 100 * error(known, List.of(), large), chosen.size(), 100 * with, 100 * draws[15]);
      ours += with / budgets.length;
      random += draws[15] / budgets.length;
    }
    assertTrue(ours < .7 * error(known, List.of(), large), "mean error " + ours);
    assertTrue(ours < 1.15 * random, ours + " against " + random);
  }

  private static double error(List<double[]> known, List<double[]> more, List<double[]> large) {
    List<double[]> rows = new ArrayList<>(known);
    rows.addAll(more);
    Fit fit = fit(rows);
    return large.stream()
        .mapToDouble(r -> Math.abs(Math.log(fit.predict(r[0], r[1]) / r[2])))
        .average()
        .orElseThrow();
  }

  private static double number(String text) {
    return Double.parseDouble(text);
  }
}
