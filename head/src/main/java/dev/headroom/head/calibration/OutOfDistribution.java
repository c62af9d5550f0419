package dev.headroom.head.calibration;

import java.util.Arrays;

/**
 * A threshold on a score that tells rows unlike those a model knows, with a stated share of false
 * alarms.
 *
 * <p>Scores are of {@link NoveltyScores}, larger for stranger rows. From n scores of rows like
 * those to come, held out from training, the threshold is the {@code ceil((n + 1)(1 - rate))}-th
 * smallest: a new row of their kind, exchangeable with them, exceeds it with a chance of at most
 * {@code rate}. Tokens of one text are not independent: take whole documents or rows far apart,
 * else the rate holds on average only.
 *
 * <p>Sources: Liu et al. 2020, Energy-based Out-of-distribution Detection; Vovk et al. 2005
 * (split-conformal threshold).
 *
 * @param threshold scores above it are out of distribution; infinity where n is too small for the
 *     rate
 * @param rate chance of a false alarm that was asked for
 * @param rows n
 */
public record OutOfDistribution(double threshold, double rate, int rows) {

  /**
   * Calibrates a threshold.
   *
   * @param scores of rows like those to come
   * @param rate chance of a false alarm, between 0 and 1
   */
  public static OutOfDistribution calibrate(double[] scores, double rate) {
    if (!(rate > 0 && rate < 1)) {
      throw new IllegalArgumentException("rate: " + rate + " (expected: between 0 and 1)");
    }
    double[] sorted = checked("scores", scores).clone();
    Arrays.sort(sorted);
    // (a rate like 0.1 of 9 rows is the largest of them, not infinity by rounding)
    int rank = (int) Math.ceil((sorted.length + 1) * (1 - rate) - 1e-9);
    double threshold =
        rank > sorted.length ? Double.POSITIVE_INFINITY : sorted[Math.max(0, rank - 1)];
    return new OutOfDistribution(threshold, rate, sorted.length);
  }

  /** Returns whether a row of this score is out of distribution; NaN is. */
  public boolean test(double score) {
    return !(score <= threshold);
  }

  /**
   * Returns the area under the ROC curve: the chance that a strange row has the larger score, ties
   * counting half.
   *
   * @param known scores of rows of the known kind
   * @param strange scores of the others
   */
  public static double auroc(double[] known, double[] strange) {
    double[] sorted = checked("known", known).clone();
    checked("strange", strange);
    Arrays.sort(sorted);
    double wins = 0;
    for (double score : strange) {
      wins += (below(sorted, score, false) + below(sorted, score, true)) / 2.0;
    }
    return wins / sorted.length / strange.length;
  }

  /** Counts scores below a bound, or up to it. */
  private static int below(double[] sorted, double bound, boolean inclusive) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      boolean left = inclusive ? sorted[middle] <= bound : sorted[middle] < bound;
      if (left) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static double[] checked(String name, double[] scores) {
    if (scores.length == 0) {
      throw new IllegalArgumentException(name + ": none (expected: at least one)");
    }
    for (int i = 0; i < scores.length; i++) {
      if (Double.isNaN(scores[i])) {
        throw new IllegalArgumentException(name + "[" + i + "]: NaN (expected: a number)");
      }
    }
    return scores;
  }
}
