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
 * @param tails degrees of freedom of {@link Objective#STUDENT_T}; unused by the others
 * @param intervals where intervals come from
 * @param constraints what is known of the parameters
 */
public record FitOptions(
    Objective objective,
    double delta,
    int bootstrap,
    double level,
    long seed,
    int threads,
    double tails,
    Intervals intervals,
    Constraints constraints)
    implements Serializable {

  /** Resamples where a bootstrap is asked for without their number. */
  private static final int RESAMPLES = 1000;

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
    if (!(tails >= 1 && tails <= 1e6)) {
      throw new IllegalArgumentException(
          "tails: " + tails + " (expected: degrees of freedom from 1 to 1e6, for example 4)");
    }
    Objects.requireNonNull(intervals, "intervals");
    Objects.requireNonNull(constraints, "constraints");
    if (bootstrap > 0 && (intervals == Intervals.COVARIANCE || intervals == Intervals.PROFILE)) {
      throw new IllegalArgumentException(
          "bootstrap: "
              + (bootstrap + " resamples with intervals from the " + intervals)
              + " (expected: one of the two)");
    }
  }

  /** Creates options with intervals chosen by {@code bootstrap} and no constraints. */
  public FitOptions(
      Objective objective, double delta, int bootstrap, double level, long seed, int threads) {
    this(objective, delta, bootstrap, level, seed, threads, 4, Intervals.AUTO, Constraints.none());
  }

  /** Returns the number of resamples, also where only the kind of bootstrap was given. */
  public int resamples() {
    return bootstrap == 0 && intervals.isBootstrap() ? RESAMPLES : bootstrap;
  }

  /** Returns Huber on log-loss with delta .001, covariance intervals at 95 %, one thread. */
  public static FitOptions defaults() {
    return new FitOptions(Objective.HUBER_LOG, 1e-3, 0, .95, 1, 1);
  }

  /** Returns these options with another objective. */
  public FitOptions withObjective(Objective value) {
    return new FitOptions(
        value, delta, bootstrap, level, seed, threads, tails, intervals, constraints);
  }

  /** Returns these options with another Huber delta. */
  public FitOptions withDelta(double value) {
    return new FitOptions(
        objective, value, bootstrap, level, seed, threads, tails, intervals, constraints);
  }

  /** Returns these options with another number of resamples. */
  public FitOptions withBootstrap(int value) {
    return new FitOptions(
        objective, delta, value, level, seed, threads, tails, intervals, constraints);
  }

  /** Returns these options with another level of the intervals. */
  public FitOptions withLevel(double value) {
    return new FitOptions(
        objective, delta, bootstrap, value, seed, threads, tails, intervals, constraints);
  }

  /** Returns these options with another seed. */
  public FitOptions withSeed(long value) {
    return new FitOptions(
        objective, delta, bootstrap, level, value, threads, tails, intervals, constraints);
  }

  /** Returns these options with another number of threads. */
  public FitOptions withThreads(int value) {
    return new FitOptions(
        objective, delta, bootstrap, level, seed, value, tails, intervals, constraints);
  }

  /** Returns these options with other degrees of freedom of Student's t. */
  public FitOptions withTails(double value) {
    return new FitOptions(
        objective, delta, bootstrap, level, seed, threads, value, intervals, constraints);
  }

  /** Returns these options with another source of intervals. */
  public FitOptions withIntervals(Intervals value) {
    return new FitOptions(
        objective, delta, bootstrap, level, seed, threads, tails, value, constraints);
  }

  /** Returns these options with other constraints. */
  public FitOptions withConstraints(Constraints value) {
    return new FitOptions(
        objective, delta, bootstrap, level, seed, threads, tails, intervals, value);
  }
}
