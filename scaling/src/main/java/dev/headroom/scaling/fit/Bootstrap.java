package dev.headroom.scaling.fit;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Refits resampled points, each resample from its own seeded stream, so that the result does not
 * depend on the number of threads.
 *
 * <p>Unless told otherwise it draws points with replacement, or whole groups where groups hold more
 * than one point and there are at least {@value #ENOUGH_GROUPS} of them. A refit starts at the full
 * fit.
 *
 * <p>Source: Davison and Hinkley 1997, Bootstrap Methods and their Application, section 6.2 (pairs,
 * residuals, wild); Cameron, Gelbach and Miller 2008 (wild by group).
 */
final class Bootstrap {

  static final int ENOUGH_GROUPS = 10;
  private static final double TOLERANCE = 1e-9;
  private static final int REDRAWS = 1000;

  private final ScaledData data;
  private final FitOptions options;
  private final double[] start;
  private final int[][] members;
  private final double[] fitted;
  private final double[] residuals;
  private final double[][] samples;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile RuntimeException broken;

  private Bootstrap(ScaledData data, FitOptions options, double[] start, int[][] members) {
    this.data = data;
    this.options = options;
    this.start = start;
    this.members = members;
    this.samples = new double[options.resamples()][];
    this.fitted = new double[data.points];
    this.residuals = new double[data.points];
    predict();
  }

  /** Parameters of all resamples in the original units, and how many did not converge. */
  record Result(double[][] samples, int failures) {}

  /** Says whether runs are drawn as a whole. */
  static boolean byRun(FitOptions options, Groups groups) {
    boolean enough = groups.repeated() && groups.count() >= ENOUGH_GROUPS;
    return options.intervals() == Intervals.RUNS
        || (options.intervals() == Intervals.AUTO && options.resamples() > 0 && enough);
  }

  static Result run(ScaledData data, FitOptions options, double[] start, Groups groups) {
    boolean together = byRun(options, groups) || options.intervals() == Intervals.WILD;
    int[][] members = together ? groups.members() : Groups.single(data.points);
    Bootstrap bootstrap = new Bootstrap(data, options, start, members);
    Workers.run(options.threads(), bootstrap::work);
    if (bootstrap.broken != null) {
      throw bootstrap.broken;
    }
    return new Result(bootstrap.samples, bootstrap.failures.get());
  }

  /** Sets fitted losses and centred residuals, widened for the parameters that were fitted. */
  private void predict() {
    Values law = new Values(data);
    law.at(start);
    boolean logarithmic = options.objective().isLogarithmic();
    double[] slope = new double[start.length];
    double sum = 0;
    double weights = 0;
    for (int i = 0; i < data.points; i++) {
      fitted[i] = law.value(i, slope);
      residuals[i] = logarithmic ? data.logLoss[i] - Math.log(fitted[i]) : data.loss[i] - fitted[i];
      sum += data.weight[i] * residuals[i];
      weights += data.weight[i];
    }
    int freedom = Math.max(1, data.points - start.length);
    double widen = Math.sqrt((double) data.points / freedom);
    boolean centred = options.intervals() == Intervals.RESIDUAL;
    for (int i = 0; i < data.points; i++) {
      residuals[i] = widen * (residuals[i] - (centred ? sum / weights : 0));
    }
  }

  private void work() {
    try {
      Misfit misfit = new Misfit(data, options);
      Bfgs bfgs = new Bfgs(misfit, Search.lower(data), Search.upper(data));
      int[] counts = new int[data.points];
      double[] loss = new double[data.points];
      double[] logLoss = new double[data.points];
      boolean anew =
          options.intervals() == Intervals.RESIDUAL || options.intervals() == Intervals.WILD;
      for (int k = next.getAndIncrement(); k < samples.length; k = next.getAndIncrement()) {
        SplittableRandom random = new SplittableRandom(seed(options.seed(), k));
        if (anew) {
          disturb(random, loss, logLoss);
          misfit.observe(loss, logLoss);
        } else {
          draw(random, counts);
          misfit.weigh(counts);
        }
        misfit.observePriors(priors(random, anew));
        if (!bfgs.minimise(start, TOLERANCE)) {
          failures.incrementAndGet();
        }
        samples[k] = data.original(bfgs.point());
      }
    } catch (RuntimeException e) {
      broken = e;
    }
  }

  /** A prior is one more observation: drawn around its centre, or around the fitted value. */
  private double[] priors(SplittableRandom random, boolean anew) {
    double[] moves = new double[start.length];
    for (int j = 0; j < moves.length; j++) {
      Prior prior = data.model.priors[j];
      if (prior != null) {
        moves[j] = random.nextGaussian() + (anew ? prior.z(start[j]) : 0);
      }
    }
    return moves;
  }

  /** Adds drawn residuals to the fitted losses, or those of each run with a drawn sign. */
  private void disturb(SplittableRandom random, double[] loss, double[] logLoss) {
    boolean wild = options.intervals() == Intervals.WILD;
    boolean logarithmic = options.objective().isLogarithmic();
    for (int[] member : members) {
      double sign = wild && random.nextBoolean() ? -1 : 1;
      for (int i : member) {
        int from = wild ? i : random.nextInt(data.points);
        double root = Math.sqrt(data.weight[from] / data.weight[i]);
        double error = sign * residuals[from] * root;
        loss[i] = logarithmic ? fitted[i] * Math.exp(error) : fitted[i] + error;
        logLoss[i] = Math.log(fitted[i]) + (logarithmic ? error : 0);
      }
    }
  }

  /** Draws again where fewer points than parameters came up: such a resample has no answer. */
  private void draw(SplittableRandom random, int[] counts) {
    int needed = data.parameters();
    for (int attempt = 0; attempt < REDRAWS; attempt++) {
      Arrays.fill(counts, 0);
      for (int k = 0; k < members.length; k++) {
        for (int point : members[random.nextInt(members.length)]) {
          counts[point]++;
        }
      }
      int distinct = 0;
      for (int count : counts) {
        distinct += count > 0 ? 1 : 0;
      }
      if (distinct >= needed) {
        return;
      }
    }
  }

  /** Mixes seed and index (the finaliser of SplitMix64), so that streams do not overlap. */
  private static long seed(long seed, int index) {
    long z = seed + 0x9E3779B97F4A7C15L * (index + 1);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
