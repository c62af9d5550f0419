package dev.headroom.cli.train;

import java.util.Arrays;

/**
 * How far predicted numbers p are from the right ones y.
 *
 * @param numbers how many were compared
 * @param meanError mean of {@code |p - y|}; a few long numbers may decide it
 * @param medianError median of {@code |p - y|}
 * @param relativeError mean of {@code min(10, |p - y| / max(1, |y|))}
 * @param exact share of those with p = y
 */
public record NumberScore(
    int numbers, double meanError, double medianError, double relativeError, double exact) {
  /** The largest relative error that one number may have. */
  public static final double LARGEST_RELATIVE = 10;

  static NumberScore of(double[] predicted, double[] right) {
    int n = right.length;
    double[] errors = new double[n];
    double sum = 0;
    double relative = 0;
    int same = 0;
    for (int i = 0; i < n; i++) {
      errors[i] = Math.abs(predicted[i] - right[i]);
      sum += errors[i];
      relative += Math.min(LARGEST_RELATIVE, errors[i] / Math.max(1, Math.abs(right[i])));
      same += errors[i] == 0 ? 1 : 0;
    }
    return new NumberScore(n, sum / n, median(errors), relative / n, (double) same / n);
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
