package dev.headroom.scaling.fit;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Refits resampled points, each resample from its own seeded stream, so that the result does not
 * depend on the number of threads.
 *
 * <p>Draws points with replacement, or whole groups where groups hold more than one point and there
 * are at least {@value #ENOUGH_GROUPS} of them. A refit starts at the full fit.
 */
final class Bootstrap {

  static final int ENOUGH_GROUPS = 10;
  private static final double TOLERANCE = 1e-9;
  private static final int REDRAWS = 1000;

  private final ScaledData data;
  private final FitOptions options;
  private final double[] start;
  private final int[][] members;
  private final double[][] samples;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger failures = new AtomicInteger();
  private volatile RuntimeException broken;

  private Bootstrap(ScaledData data, FitOptions options, double[] start, int[][] members) {
    this.data = data;
    this.options = options;
    this.start = start;
    this.members = members;
    this.samples = new double[options.bootstrap()][];
  }

  /** Parameters of all resamples in the original units, and how many did not converge. */
  record Result(double[][] samples, int failures) {}

  static Result run(ScaledData data, FitOptions options, double[] start, Groups groups) {
    Bootstrap bootstrap =
        new Bootstrap(
            data,
            options,
            start,
            groups.repeated() && groups.count() >= ENOUGH_GROUPS
                ? groups.members()
                : Groups.single(data.points));
    bootstrap.runAll();
    if (bootstrap.broken != null) {
      throw bootstrap.broken;
    }
    return new Result(bootstrap.samples, bootstrap.failures.get());
  }

  private void runAll() {
    Thread[] helpers = new Thread[options.threads() - 1];
    for (int k = 0; k < helpers.length; k++) {
      helpers[k] = new Thread(this::work, "headroom-bootstrap-" + k);
      helpers[k].setDaemon(true);
      helpers[k].start();
    }
    work();
    boolean interrupted = false;
    for (Thread helper : helpers) {
      while (helper.isAlive()) {
        try {
          helper.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try {
      Misfit misfit = new Misfit(data, options);
      Bfgs bfgs = new Bfgs(misfit, Search.lower(data), Search.upper(data));
      int[] counts = new int[data.points];
      for (int k = next.getAndIncrement(); k < samples.length; k = next.getAndIncrement()) {
        draw(k, counts);
        misfit.weigh(counts);
        if (!bfgs.minimise(start, TOLERANCE)) {
          failures.incrementAndGet();
        }
        samples[k] = data.original(bfgs.point());
      }
    } catch (RuntimeException e) {
      broken = e;
    }
  }

  /** Draws again where fewer points than parameters came up: such a resample has no answer. */
  private void draw(int index, int[] counts) {
    SplittableRandom random = new SplittableRandom(seed(options.seed(), index));
    int needed = data.law.parameters().size();
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
