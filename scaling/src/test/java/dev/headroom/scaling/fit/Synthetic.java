package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.SplittableRandom;

/** Makes observations of a law, with multiplicative noise. */
final class Synthetic {

  private Synthetic() {}

  /** Draws every variable evenly in its logarithm, from {@code from[k]} over {@code decades}. */
  static Observations of(
      Law law, double[] theta, double[] from, double decades, int points, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] x = new double[points][from.length];
    double[] loss = new double[points];
    for (int i = 0; i < points; i++) {
      for (int k = 0; k < from.length; k++) {
        x[i][k] = from[k] * Math.pow(10, decades * random.nextDouble());
      }
      loss[i] = law.value(x[i], theta) * Math.exp(noise * random.nextGaussian());
    }
    return new Observations(x, loss);
  }

  /** A power law with a floor of 1.7 from 1e6 on. */
  static Observations power(Law law, double[] theta, int points, double noise, long seed) {
    return of(law, theta, new double[] {1e6}, 4, points, noise, seed);
  }
}
