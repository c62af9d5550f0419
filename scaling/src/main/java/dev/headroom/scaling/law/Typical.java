package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Holds parameters and ranges of variables at which a law shows its shape.
 *
 * <p>Made for synthetic data: that a fit finds the parameters again is tested for every law at
 * these.
 *
 * @param theta the parameters, in the law's order
 * @param low smallest value of each variable
 * @param high largest value of each variable
 */
public record Typical(double[] theta, double[] low, double[] high) implements Serializable {

  public Typical {
    theta = theta.clone();
    low = low.clone();
    high = high.clone();
  }

  /** Starts a description with the parameters; {@link #over} completes it. */
  public static Typical of(double... theta) {
    return new Typical(theta, new double[0], new double[0]);
  }

  /**
   * Describes a law by its kinds of parameters: levels and factors of 1.6, exponents from .35 in
   * steps of .2, positive variables over four decades around 1 and others from 0 to .4.
   */
  static Typical of(Law law) {
    double[] theta = new double[law.parameters().size()];
    double exponent = .35;
    for (int j = 0; j < theta.length; j++) {
      boolean linear = law.parameters().get(j).isLinear();
      theta[j] = linear ? 1.6 : exponent;
      exponent += linear ? 0 : .2;
    }
    double[] low = new double[law.variables().size()];
    double[] high = new double[low.length];
    for (int k = 0; k < low.length; k++) {
      boolean positive = law.variables().get(k).domain() == Variable.Domain.POSITIVE;
      low[k] = positive ? .01 : 0;
      high[k] = positive ? 100 : .4;
    }
    return new Typical(theta, low, high);
  }

  /** Returns this description with other ranges of the variables. */
  public Typical over(double[] low, double[] high) {
    return new Typical(theta, low, high);
  }

  /** Draws the variables of one point: evenly in the logarithm where they span a decade above 0. */
  public double[] draw(Law law, SplittableRandom random) {
    double[] x = new double[low.length];
    for (int k = 0; k < x.length; k++) {
      double u = random.nextDouble();
      boolean decades = low[k] > 0 && high[k] > 10 * low[k];
      x[k] = decades ? low[k] * Math.pow(high[k] / low[k], u) : low[k] + (high[k] - low[k]) * u;
      if (law.variables().get(k).domain() == Variable.Domain.COUNT) {
        x[k] = Math.rint(x[k]);
      }
    }
    return x;
  }

  /** Draws parameters within 6 % of these. */
  public double[] near(SplittableRandom random) {
    return Arrays.stream(theta).map(t -> t * (.94 + .12 * random.nextDouble())).toArray();
  }
}
