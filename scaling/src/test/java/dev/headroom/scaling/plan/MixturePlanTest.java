package dev.headroom.scaling.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.fit.SharedData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MixturePlanTest {

  private static final List<String> DOMAINS = List.of("web", "code", "books");
  private static final List<String> TARGETS = List.of("a", "b");
  private static final double[] WEIGHTS = {.7, .3};
  private static final double[] NONE = new double[3];
  private static final double[] ALL = {1, 1, 1};
  private static final FitOptions SQUARES =
      FitOptions.defaults().withObjective(Objective.LEAST_SQUARES_LOG);

  /** a wants web, b wants code, and books help neither: the optimum has a closed form. */
  private static double a(double[] r) {
    return 1.5 + 2 * Math.exp(-2.5 * r[0]);
  }

  private static double b(double[] r) {
    return 1 + 2.5 * Math.exp(-3 * r[1]);
  }

  /** Solves .7 * 2 * 2.5 exp(-2.5 r) = .3 * 2.5 * 3 exp(-3 (1 - r)) for the share of web. */
  private static double web() {
    return (Math.log(.7 * 2 * 2.5 / (.3 * 2.5 * 3)) + 3) / 5.5;
  }

  private static MixtureRuns runs(double noise, long seed, boolean corners) {
    SplittableRandom random = new SplittableRandom(seed);
    List<double[]> shares = new ArrayList<>();
    int from = corners ? 0 : 1;
    for (int i = from; i <= 5; i++) {
      for (int j = from; i + j <= 6 - from; j++) {
        shares.add(new double[] {i / 6., j / 6., (6 - i - j) / 6.});
      }
    }
    double[][] losses = new double[2][shares.size()];
    for (int r = 0; r < shares.size(); r++) {
      losses[0][r] = a(shares.get(r)) * Math.exp(noise * random.nextGaussian());
      losses[1][r] = b(shares.get(r)) * Math.exp(noise * random.nextGaussian());
    }
    return new MixtureRuns(DOMAINS, shares.toArray(new double[0][]), TARGETS, losses, WEIGHTS);
  }

  private static double[] values(MixturePlan plan) {
    return plan.shares().stream().mapToDouble(Estimate::value).toArray();
  }

  @Test
  void findsTheKnownOptimum() {
    MixturePlan plan = MixturePlan.of(runs(0, 1, true), NONE, ALL, SQUARES);
    assertArrayEquals(new double[] {web(), 1 - web(), 0}, values(plan), 1e-5);
    double[] r = {web(), 1 - web(), 0};
    assertEquals(.7 * a(r) + .3 * b(r), plan.target().value(), 1e-7);
    double[] seen = runs(0, 1, true).shares()[plan.best()];
    double gain = .7 * a(seen) + .3 * b(seen) - plan.target().value();
    assertEquals(gain, plan.gain().value(), 1e-7);
    assertTrue(gain > 0);
    assertTrue(plan.outside() < 1e-3, "" + plan.outside());
    assertEquals(a(r), plan.losses().get(0).value(), 1e-6);
  }

  @Test
  void intervalsHoldTheTruthUnderNoise() {
    FitOptions options = SQUARES.withBootstrap(300).withSeed(5);
    MixturePlan plan = MixturePlan.of(runs(.003, 7, true), NONE, ALL, options);
    Estimate web = plan.shares().get(0);
    assertTrue(web.low() < web() && web() < web.high(), web.toString());
    assertTrue(web.high() - web.low() < .1 && web.high() > web.low(), web.toString());
    // That web serves b no better than books do is known, however small the effect.
    assertEquals(List.of(), plan.undetermined());
    assertTrue(plan.warnings().stream().noneMatch(w -> w.startsWith("b: ")));
    assertTrue(plan.gain().low() <= plan.gain().value(), plan.gain().toString());
    assertTrue(plan.gain().high() >= plan.gain().value(), plan.gain().toString());
    MixturePlan wide =
        MixturePlan.of(runs(.003, 7, true), NONE, ALL, options.withLevel(.5).withThreads(2));
    assertTrue(wide.shares().get(0).low() > web.low());
  }

  @Test
  void drawsTheSameRunsForEveryLoss() {
    FitOptions options = SQUARES.withBootstrap(50);
    MixtureRuns two = runs(.01, 3, true);
    double[] loss = two.losses()[0];
    MixtureRuns once =
        new MixtureRuns(
            DOMAINS, two.shares(), List.of("a"), new double[][] {loss}, new double[] {1});
    MixtureRuns twice =
        new MixtureRuns(
            DOMAINS, two.shares(), TARGETS, new double[][] {loss, loss}, new double[] {.5, .5});
    Estimate one = MixturePlan.of(once, NONE, ALL, options).target();
    Estimate both = MixturePlan.of(twice, NONE, ALL, options).target();
    assertEquals(one.low(), both.low(), 1e-12);
    assertEquals(one.high(), both.high(), 1e-12);
  }

  @Test
  void keepsBounds() {
    double[] low = {0, 0, .2};
    double[] high = {.3, 1, 1};
    FitOptions options = SQUARES.withBootstrap(30);
    MixturePlan plan = MixturePlan.of(runs(.003, 2, true), low, high, options);
    assertArrayEquals(new double[] {.3, .5, .2}, values(plan), 1e-9);
    for (int j = 0; j < 3; j++) {
      assertTrue(plan.shares().get(j).low() >= low[j] - 1e-12);
      assertTrue(plan.shares().get(j).high() <= high[j] + 1e-12);
    }
    double[] fixed = {.25, .25, .5};
    assertArrayEquals(
        fixed, values(MixturePlan.of(runs(0, 2, true), fixed, fixed, SQUARES)), 1e-12);
  }

  @Test
  void warnsOutsideTheHullOfTheRuns() {
    MixturePlan inner = MixturePlan.of(runs(0, 1, false), NONE, ALL, SQUARES);
    // All runs have a sixth of books or more, the optimum has none.
    assertEquals(1 / 6., inner.outside(), 1e-3);
    String warnings = String.join("\n", inner.warnings());
    assertTrue(warnings.contains("16.7 % of the data") && warnings.contains("hull"), warnings);
    MixturePlan within =
        MixturePlan.of(runs(0, 1, false), new double[] {0, 0, 1 / 6.}, ALL, SQUARES);
    assertTrue(within.warnings().stream().noneMatch(w -> w.contains("hull")));
  }

  @Test
  void saysThatTheLawMissesTheBestRun() {
    MixtureRuns exact = runs(0, 1, true);
    assertEquals(List.of(), MixturePlan.of(exact, NONE, ALL, SQUARES).warnings());
    double[][] losses = exact.losses();
    losses[0][exact.best()] -= .1;
    MixtureRuns lucky = new MixtureRuns(DOMAINS, exact.shares(), TARGETS, losses, WEIGHTS);
    String warnings = String.join("", MixturePlan.of(lucky, NONE, ALL, SQUARES).warnings());
    assertTrue(warnings.contains("the law misses the best run by 0.0"), warnings);
  }

  @Test
  void saysWhatTheRunsDoNotTell() {
    double[][] shares = new double[8][];
    double[][] losses = new double[1][8];
    for (int r = 0; r < 8; r++) {
      shares[r] = new double[] {.1 + .1 * r, .9 - .1 * r, 0};
      losses[0][r] = a(shares[r]);
    }
    MixturePlan plan =
        MixturePlan.of(
            new MixtureRuns(DOMAINS, shares, List.of("a"), losses, new double[] {1}),
            NONE,
            ALL,
            SQUARES);
    assertEquals(List.of("a"), plan.undetermined());
    assertTrue(plan.warnings().stream().anyMatch(w -> w.startsWith("a: ")));
  }

  @Test
  void refusesBadRunsAndBounds() {
    MixtureRuns good = runs(0, 1, true);
    double[][] off = good.shares().clone();
    off[2] = new double[] {.5, .3, .1};
    refused("row 3 proportions: [0.5, 0.3, 0.1] sum to 0.9", off, good.losses());
    off[2] = new double[] {1.5, -.5, 0};
    refused("row 3 code: -0.5", off, good.losses());
    off[2] = new double[] {Double.NaN, .5, .5};
    refused("row 3 proportions", off, good.losses());
    double[][] few = Arrays.copyOf(good.shares(), 3);
    double[][] fewLosses = {Arrays.copyOf(good.losses()[0], 3), Arrays.copyOf(good.losses()[1], 3)};
    refused("runs: 3 (expected: at least 4", few, fewLosses);
    double[][] bad = {good.losses()[0].clone(), good.losses()[1]};
    bad[0][4] = -1;
    refused("row 5 a: -1.0", good.shares(), bad);
    bounds("lower ones sum to 1.2", new double[] {.6, .6, 0}, ALL);
    bounds("upper ones to 0.75", NONE, new double[] {.25, .25, .25});
    bounds("bounds of code: 0.5:0.4", new double[] {0, .5, 0}, new double[] {1, .4, 1});
  }

  private static void refused(String part, double[][] shares, double[][] losses) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new MixtureRuns(DOMAINS, shares, TARGETS, losses, WEIGHTS));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static void bounds(String part, double[] low, double[] high) {
    MixtureRuns good = runs(0, 1, true);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> MixturePlan.of(good, low, high, SQUARES));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void choosesAMixtureNearTheBestOfRunsItHasNotSeen() {
    List<String> targets = List.of("Github", "Books3", "Pile-CC");
    List<double[]> shares = new ArrayList<>();
    List<double[]> losses = new ArrayList<>();
    for (Map<String, String> row : SharedData.table("data-mixing-laws/3Mix_410M.csv")) {
      if (row.get("step").equals("60000")) {
        shares.add(
            Arrays.stream(row.get("mix").split("-")).mapToDouble(Double::parseDouble).toArray());
        losses.add(targets.stream().mapToDouble(t -> Double.parseDouble(row.get(t))).toArray());
      }
    }
    double sum = 0;
    int count = 0;
    for (int i = 1; i < 9; i++) {
      for (int j = 1; i + j < 10; j++, count++) {
        double[] weights = {i / 10., j / 10., (10 - i - j) / 10.};
        sum += regret(targets, shares, losses, weights);
      }
    }
    System.out.printf(Locale.ROOT, "mixture: mean regret %.4f, %d targets%n", sum / count, count);
    assertEquals(36, count);
    assertTrue(sum / count < .0125, "" + sum / count);
  }

  /** Leaves out the three best runs; how much worse than the best is the nearest to the plan? */
  private static double regret(
      List<String> targets, List<double[]> shares, List<double[]> losses, double[] weights) {
    int n = shares.size();
    double[] sum = new double[n];
    for (int r = 0; r < n; r++) {
      for (int i = 0; i < 3; i++) {
        sum[r] += weights[i] * losses.get(r)[i];
      }
    }
    double limit = Arrays.stream(sum).sorted().skip(2).findFirst().orElseThrow();
    int[] kept = java.util.stream.IntStream.range(0, n).filter(r -> sum[r] > limit).toArray();
    double[][] x = Arrays.stream(kept).mapToObj(shares::get).toArray(double[][]::new);
    double[][] y = new double[3][];
    for (int i = 0; i < 3; i++) {
      int which = i;
      y[i] = Arrays.stream(kept).mapToDouble(r -> losses.get(r)[which]).toArray();
    }
    MixturePlan plan =
        MixturePlan.of(new MixtureRuns(targets, x, targets, y, weights), NONE, ALL, SQUARES);
    double[] best = values(plan);
    int nearest = 0;
    double least = Double.MAX_VALUE;
    for (int r = 0; r < n; r++) {
      double apart = 0;
      for (int j = 0; j < 3; j++) {
        apart += Math.pow(shares.get(r)[j] - best[j], 2);
      }
      nearest = apart < least ? r : nearest;
      least = Math.min(least, apart);
    }
    return sum[nearest] - Arrays.stream(sum).min().orElseThrow();
  }
}
