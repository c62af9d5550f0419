package dev.headroom.head.internal;

import dev.headroom.head.HeadOptions;
import dev.headroom.head.Reduction;

/**
 * What each row's terms are multiplied by: its token weight and, for a mean, one over the sum of
 * weights.
 *
 * @param r scale of the cross-entropy term, 0 on ignored rows
 * @param rZ scale of the z-loss term, 0 on ignored rows
 */
public record RowScales(float[] r, float[] rZ) {

  static RowScales of(Labels labels, HeadOptions options) {
    int n = labels.targets().length;
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      boolean ignored = labels.targets()[i] == options.ignoreIndex();
      float[] given = labels.tokenWeights();
      weights[i] = ignored ? 0 : given == null ? 1 : given[i];
    }
    return scaled(weights, weights, labels.targets(), options);
  }

  /** Returns the same call with each row's token weight multiplied by a factor. */
  public static HeadProblem reweighted(HeadProblem problem, double[] factors) {
    double[] r = new double[factors.length];
    double[] rZ = new double[factors.length];
    for (int i = 0; i < factors.length; i++) {
      r[i] = problem.r()[i] * factors[i];
      rZ[i] = problem.rZ()[i] * factors[i];
    }
    // (scales are token weights up to a common divisor, which a mean divides by again)
    RowScales scales = scaled(r, rZ, problem.targets(), problem.options());
    return problem.withScales(scales.r, scales.rZ);
  }

  private static RowScales scaled(
      double[] weights, double[] weightsZ, long[] targets, HeadOptions options) {
    double divisor = 1;
    double divisorZ = 1;
    if (options.reduction() == Reduction.MEAN) {
      float[] classWeights = options.softTargets() > 0 ? null : options.classWeights();
      divisor = 0;
      divisorZ = 0;
      for (int i = 0; i < weights.length; i++) {
        if (targets[i] != options.ignoreIndex()) {
          divisor += weights[i] * (classWeights == null ? 1 : classWeights[(int) targets[i]]);
          divisorZ += weightsZ[i];
        }
      }
    }
    return new RowScales(divided(weights, divisor), divided(weightsZ, divisorZ));
  }

  private static float[] divided(double[] weights, double divisor) {
    float[] scales = new float[weights.length];
    for (int i = 0; i < weights.length; i++) {
      scales[i] = divisor == 0 ? 0 : (float) (weights[i] / divisor);
    }
    return scales;
  }
}
