package dev.headroom.scaling.fit.internal;

import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.distribution.TDistribution;

/** Gives quantiles of Student's t distribution. */
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

  /** Returns the half-width of a two-sided interval of the normal distribution. */
  public static double twoSidedNormal(double level) {
    return new NormalDistribution(null, 0, 1).inverseCumulativeProbability(.5 + level / 2);
  }
}
