package dev.headroom.scaling.check.baseline;

import java.util.Arrays;
import java.util.List;

/**
 * Holds what repeats of public configurations say about run-to-run spread before any golden run of
 * one's own.
 *
 * <p>Each look at a trajectory (see {@code Looks}) has a variance in units of the drift kernel of
 * {@code Spread}; the prior is the geometric mean of these over configurations, worth {@link
 * #DEGREES} degrees of freedom. Source: the six configurations of modded-nanogpt's records that
 * travel with the project's study (10 to 38 repeats each, validation loss at 125-step intervals).
 *
 * @param variance variance of each look, in squared log loss
 */
public record RepeatPrior(double[] variance) {

  /** Degrees of freedom that the prior is worth. */
  public static final double DEGREES = 3;

  /** Checks and copies. */
  public RepeatPrior {
    if (variance.length != Looks.ALL || Arrays.stream(variance).anyMatch(v -> !(v > 0))) {
      throw new IllegalArgumentException(
          "variance: "
              + Arrays.toString(variance)
              + " (expected: one above 0 for each of the "
              + Looks.ALL
              + " looks)");
    }
    variance = variance.clone();
  }

  /** Returns the prior learned from all six public configurations, rounded. */
  public static RepeatPrior builtIn() {
    return of(5.163e-4, 5.523e-4, 4.482e-4, 3.355e-4, 4.783e-4);
  }

  private static RepeatPrior of(double... sd) {
    return new RepeatPrior(Arrays.stream(sd).map(s -> s * s).toArray());
  }

  /**
   * Learns a prior.
   *
   * @param configurations for each, its repeats set side by side
   */
  static RepeatPrior learn(List<Repeats> configurations) {
    double[] sum = new double[Looks.ALL];
    for (Repeats repeats : configurations) {
      double[] one = repeats.lookVariances();
      for (int j = 0; j < sum.length; j++) {
        sum[j] += Math.log(one[j]) / configurations.size();
      }
    }
    return new RepeatPrior(Arrays.stream(sum).map(Math::exp).toArray());
  }

  /** Returns the standard deviation of the level, the root of the mean variance of the looks. */
  double level() {
    return Math.sqrt(Arrays.stream(variance).average().orElseThrow());
  }
}
