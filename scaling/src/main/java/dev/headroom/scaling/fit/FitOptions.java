package dev.headroom.scaling.fit;

import java.io.Serializable;
import java.util.Objects;

/**
 * Says how to fit.
 *
 * @param objective what to make small
 * @param delta where the Huber function turns linear, in log-loss; unused by least squares
 * @param bootstrap number of resamples; 0 for intervals from the covariance
 * @param level level of the intervals, between 0 and 1
 * @param seed seed of all resamples; the result does not depend on the number of threads
 * @param threads threads for the bootstrap, at least 1
 */
public record FitOptions(
    Objective objective, double delta, int bootstrap, double level, long seed, int threads)
    implements Serializable {

  public FitOptions {
    Objects.requireNonNull(objective, "objective");
    if (!(delta > 0) || Double.isInfinite(delta)) {
      throw new IllegalArgumentException(
          "delta: " + delta + " (expected: a finite number above 0)");
    }
    if (bootstrap != 0 && (bootstrap < 20 || bootstrap > 1_000_000)) {
      throw new IllegalArgumentException(
          "bootstrap: " + bootstrap + " (expected: 0, or from 20 to 1000000 resamples)");
    }
    if (!(level > 0 && level < 1)) {
      throw new IllegalArgumentException(
          "level: " + level + " (expected: between 0 and 1, for example .95)");
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads + " (expected: at least 1)");
    }
  }

  /** Returns Huber on log-loss with delta .001, covariance intervals at 95 %, one thread. */
  public static FitOptions defaults() {
    return new FitOptions(Objective.HUBER_LOG, 1e-3, 0, .95, 1, 1);
  }

  /** Returns these options with another objective. */
  public FitOptions withObjective(Objective value) {
    return new FitOptions(value, delta, bootstrap, level, seed, threads);
  }

  /** Returns these options with another Huber delta. */
  public FitOptions withDelta(double value) {
    return new FitOptions(objective, value, bootstrap, level, seed, threads);
  }

  /** Returns these options with another number of resamples. */
  public FitOptions withBootstrap(int value) {
    return new FitOptions(objective, delta, value, level, seed, threads);
  }

  /** Returns these options with another level of the intervals. */
  public FitOptions withLevel(double value) {
    return new FitOptions(objective, delta, bootstrap, value, seed, threads);
  }

  /** Returns these options with another seed. */
  public FitOptions withSeed(long value) {
    return new FitOptions(objective, delta, bootstrap, level, value, threads);
  }

  /** Returns these options with another number of threads. */
  public FitOptions withThreads(int value) {
    return new FitOptions(objective, delta, bootstrap, level, seed, value);
  }
}
