package dev.headroom.head.internal;

import dev.headroom.head.HeadOptions;
import java.util.Arrays;

/**
 * The weights of the classes, and what label smoothing gives to those that are present: a bias of
 * minus infinity takes a class out.
 *
 * @param weights w of the V classes, or null where all are 1
 * @param smoothed w of present classes and 0 of others, or null without smoothing
 * @param share {@code eps / V} over present classes, 0 without smoothing
 * @param spread {@code eps W / V} over present classes, 0 without smoothing
 * @param count V over present classes, 0 without smoothing
 * @param total W over present classes, 0 without smoothing
 */
record Classes(
    float[] weights, float[] smoothed, double share, double spread, double count, double total) {

  static Classes of(HeadProblem problem) {
    HeadOptions options = problem.options();
    float[] weights = options.classWeights();
    double eps = options.labelSmoothing();
    if (eps == 0) {
      return new Classes(weights, null, 0, 0, 0, 0);
    }
    float[] smoothed = weights == null ? ones(options) : weights.clone();
    float[] bias = problem.b() == null ? null : problem.b().toFloatArray();
    double count = 0;
    double total = 0;
    for (int v = 0; v < smoothed.length; v++) {
      if (bias != null && bias[v] == Float.NEGATIVE_INFINITY) {
        smoothed[v] = 0;
      } else {
        count++;
        total += smoothed[v];
      }
    }
    return new Classes(weights, smoothed, eps / count, eps * total / count, count, total);
  }

  private static float[] ones(HeadOptions options) {
    float[] ones = new float[Math.toIntExact(options.classes())];
    Arrays.fill(ones, 1);
    return ones;
  }

  double weight(long v) {
    return weights == null ? 1 : weights[(int) v];
  }
}
