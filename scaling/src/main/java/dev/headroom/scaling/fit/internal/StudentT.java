package dev.headroom.scaling.fit.internal;

import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.TDistribution;

/** Gives quantiles and tails of Student's t distribution. */
public final class StudentT {

  private StudentT() {}

  /**
   * Returns the half-width of a two-sided interval, in standard errors.
   *
   * @param level level of the interval, between 0 and 1
   * @param degreesOfFreedom observations less parameters; NaN comes back where it is below 1
   */
  public static double twoSided(double level, int degreesOfFreedom) {
    if (degreesOfFreedom < 1) {
      return Double.NaN;
    }
    double p = .5 + level / 2;
    return new TDistribution(null, degreesOfFreedom).inverseCumulativeProbability(p);
  }

  /** Returns the probability above {@code t}; degrees of freedom need not be whole. */
  public static double upperTail(double t, double degreesOfFreedom) {
    // The distribution function loses the digits of a small upper tail; the lower one keeps them.
    return new TDistribution(null, degreesOfFreedom).cumulativeProbability(-t);
  }

  /** Returns the value with the given probability above it. */
  public static double upperQuantile(double probability, double degreesOfFreedom) {
    return -new TDistribution(null, degreesOfFreedom).inverseCumulativeProbability(probability);
  }

  /** Returns the half-width of a two-sided interval of the normal distribution. */
  public static double twoSidedNormal(double level) {
    return new NormalDistribution(null, 0, 1).inverseCumulativeProbability(.5 + level / 2);
  }
}
