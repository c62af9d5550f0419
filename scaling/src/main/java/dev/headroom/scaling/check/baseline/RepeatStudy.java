package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Measures how often healthy repeats are called different, and how often injected regressions are
 * found, beside the rules that teams use today.
 *
 * <p>Some repeats of a configuration are drawn as golden runs and one more as the run, many times.
 * Where there are three configurations or more, each is judged by a prior learned from the others.
 * A regression multiplies the run's loss by {@code 1 + size}: from the start, from half of the run
 * on, or growing in proportion to the step.
 */
public final class RepeatStudy {

  /** How a regression comes in. */
  public enum Injection {
    /** From the first step. */
    CONSTANT,
    /** From half of the run on. */
    HALFWAY,
    /** In proportion to the step. */
    GROWING
  }

  /** The rules that are measured; all but ours look at the last point. */
  public enum Rule {
    /** Our verdict is worse. */
    WORSE,
    /** Our verdict is different, worse or better. */
    DIFFERENT,
    /** Our verdict is equivalent. */
    EQUIVALENT,
    /** Our verdict is that it cannot be told. */
    CANNOT_TELL,
    /** One-sided 99 % Student-t prediction interval of the golden runs. */
    T_INTERVAL,
    /** Mean of three golden runs and three of their deviations, both sides. */
    THREE_SIGMA,
    /** More than 0.2 % from the first golden run. */
    BAND_02,
    /** More than 5 % above the first golden run. */
    BAND_5,
    /** Not equal to the first golden run. */
    EXACT
  }

  /**
   * One measured rate.
   *
   * @param configuration its name
   * @param repeats repeats it has
   * @param spread deviation of their last loss, relative
   * @param golden golden runs drawn
   * @param injection how the regression came in
   * @param size its size, 0 for a healthy run
   * @param rates share of the draws in which each rule fired
   */
  public record Rate(
      String configuration,
      int repeats,
      double spread,
      int golden,
      Injection injection,
      double size,
      Map<Rule, Double> rates) {}

  private final int draws;
  private final long seed;
  private final BaselineSettings settings;

  /**
   * Makes a study.
   *
   * @param draws draws for each configuration and number of golden runs
   * @param seed seed of the draws
   * @param settings settings of the comparison
   */
  public RepeatStudy(int draws, long seed, BaselineSettings settings) {
    if (draws < 1) {
      throw new IllegalArgumentException("draws: " + draws + " (expected: at least 1)");
    }
    this.draws = draws;
    this.seed = seed;
    this.settings = settings;
  }

  /**
   * Measures.
   *
   * @param configurations the repeats of each configuration, by name
   * @param golden numbers of golden runs; those a configuration has too few repeats for are left
   *     out
   * @param sizes sizes of the regressions, 0.003 for 0.3 %
   */
  public List<Rate> measure(
      Map<String, List<Run>> configurations, List<Integer> golden, List<Double> sizes) {
    List<Repeats> all = new ArrayList<>();
    configurations.forEach((name, runs) -> all.add(Repeats.of(name, runs)));
    List<Rate> out = new ArrayList<>();
    for (Repeats one : all) {
      List<Repeats> others = all.stream().filter(r -> r != one).toList();
      RepeatPrior prior = others.size() < 2 ? RepeatPrior.builtIn() : RepeatPrior.learn(others);
      for (int k : golden) {
        if (k < one.size()) {
          out.addAll(measure(one, k, sizes, prior));
        }
      }
    }
    return out;
  }

  private List<Rate> measure(Repeats one, int k, List<Double> sizes, RepeatPrior prior) {
    BaselineComparison comparison = new BaselineComparison(settings, prior);
    Map<String, Count> counts = new LinkedHashMap<>();
    counts.put("healthy", new Count(Injection.CONSTANT, 0));
    for (Injection injection : Injection.values()) {
      for (double size : sizes) {
        counts.put(injection + " " + size, new Count(injection, size));
      }
    }
    SplittableRandom random = new SplittableRandom(seed + k);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < one.size(); i++) {
      order.add(i);
    }
    for (int draw = 0; draw < draws; draw++) {
      Collections.shuffle(order, new java.util.Random(random.nextLong()));
      Draw drawn = new Draw(one, order, k);
      for (Count count : counts.values()) {
        drawn.judge(count, comparison, prior);
      }
    }
    List<Rate> out = new ArrayList<>();
    double spread = deviation(Arrays.stream(one.last()).map(Math::log).toArray());
    for (Count c : counts.values()) {
      Map<Rule, Double> rates = new LinkedHashMap<>();
      for (Rule rule : Rule.values()) {
        rates.put(rule, c.fired[rule.ordinal()] / (double) draws);
      }
      out.add(new Rate(one.name(), one.size(), spread, k, c.injection, c.size, rates));
    }
    return out;
  }

  private static final class Count {
    final Injection injection;
    final double size;
    final int[] fired = new int[Rule.values().length];

    Count(Injection injection, double size) {
      this.injection = injection;
      this.size = size;
    }

    void add(Rule rule, boolean fires) {
      fired[rule.ordinal()] += fires ? 1 : 0;
    }
  }

  /** One draw of golden runs and a run. */
  private static final class Draw {
    final double[] place;
    final double[][] golden;
    final double[] test;
    final double[] goldenLast;
    final double testLast;
    private Reference reference;

    Draw(Repeats one, List<Integer> order, int k) {
      place = one.place();
      golden = new double[k][];
      goldenLast = new double[k];
      for (int i = 0; i < k; i++) {
        golden[i] = one.level()[order.get(i)];
        goldenLast[i] = one.last()[order.get(i)];
      }
      test = one.level()[order.get(k)];
      testLast = one.last()[order.get(k)];
    }

    void judge(Count count, BaselineComparison comparison, RepeatPrior prior) {
      double[] run = test.clone();
      for (int i = 0; i < run.length; i++) {
        run[i] += Math.log1p(count.size * share(count.injection, place[i]));
      }
      if (reference == null || golden.length == 1) {
        reference = Reference.of(place, golden, run, prior);
      }
      Outcome outcome = comparison.judge(reference, reference.scores(run), 0).outcome();
      count.add(Rule.WORSE, outcome == Outcome.WORSE);
      count.add(Rule.DIFFERENT, outcome == Outcome.WORSE || outcome == Outcome.BETTER);
      count.add(Rule.EQUIVALENT, outcome == Outcome.EQUIVALENT);
      count.add(Rule.CANNOT_TELL, outcome == Outcome.CANNOT_TELL);
      usual(count, testLast * (1 + count.size));
    }

    private void usual(Count count, double last) {
      double first = goldenLast[0];
      count.add(Rule.EXACT, last != first);
      count.add(Rule.BAND_02, Math.abs(last / first - 1) > 0.002);
      count.add(Rule.BAND_5, last / first - 1 > 0.05);
      int k = goldenLast.length;
      if (k < 2) {
        return;
      }
      double over = last - Arrays.stream(goldenLast).average().orElseThrow();
      double t = StudentT.upperQuantile(0.01, k - 1);
      count.add(Rule.T_INTERVAL, over > t * deviation(goldenLast) * Math.sqrt(1 + 1.0 / k));
      if (k >= 3) {
        double[] three = Arrays.copyOf(goldenLast, 3);
        double mean = Arrays.stream(three).average().orElseThrow();
        count.add(Rule.THREE_SIGMA, Math.abs(last - mean) > 3 * deviation(three));
      }
    }
  }

  private static double share(Injection injection, double place) {
    return switch (injection) {
      case CONSTANT -> 1;
      case HALFWAY -> place > 0.5 ? 1 : 0;
      case GROWING -> place;
    };
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double sum = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt(sum / (values.length - 1));
  }
}
