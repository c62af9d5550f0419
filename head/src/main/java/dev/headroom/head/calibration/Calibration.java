package dev.headroom.head.calibration;

import dev.headroom.head.HeadOutput;

/**
 * Measures how well a head's probabilities fit what comes true, batch by batch, from the statistics
 * of its rows: no N x V array.
 *
 * <pre>
 *   confidence_i = max_v p_iv     right_i = [the most likely class is the target]
 *   ECE   = sum_bins (n_bin / n) |mean right - mean confidence|
 *   Brier = mean_i sum_v (p_iv - [v = t_i])^2 = mean_i (sum_v p_iv^2 - 2 p_it + 1)
 * </pre>
 *
 * <p>Bins are of equal width in [0, 1]. The ECE is biased upwards by about the noise of its bins:
 * compare it only at like n and bins. The Brier score is proper, but mostly of the frequent
 * classes; the mean nll is proper too and sees rare ones. Rows that do not count are passed over; a
 * row with NaN or infinity makes the measures NaN.
 *
 * <p>Sources: Naeini et al. 2015 and Guo et al. 2017 (ECE); Brier 1950. Not for use by several
 * threads at once.
 */
public final class Calibration {

  /**
   * What fell into a bin.
   *
   * @param rows so many
   * @param confidence their mean confidence, NaN without rows
   * @param accuracy share of them that were right, NaN without rows
   */
  public record Bin(long rows, double confidence, double accuracy) {}

  private final long[] rows;
  private final double[] confidence;
  private final double[] right;
  private double nll;
  private double brier;

  /** Starts with 15 bins. */
  public Calibration() {
    this(15);
  }

  /**
   * Starts with so many bins.
   *
   * @param bins 1 to 10,000
   */
  public Calibration(int bins) {
    if (bins < 1 || bins > 10_000) {
      throw new IllegalArgumentException("bins: " + bins + " (expected: 1 to 10000)");
    }
    rows = new long[bins];
    confidence = new double[bins];
    right = new double[bins];
  }

  /**
   * Adds the rows of an evaluation.
   *
   * @param output of a loss whose options have a top-k list and moments
   * @throws IllegalArgumentException where one is missing
   */
  public void add(HeadOutput output) {
    if (output.topIds() == null || output.squares() == null) {
      throw new IllegalArgumentException(
          "options: "
              + output.options()
              + " (expected: a top-k list and moments; HeadOptions.withTopK(1).withMoments(true))");
    }
    int k = output.options().topK();
    for (int i = 0; i < output.nll().length; i++) {
      if (output.targets()[i] == output.options().ignoreIndex()) {
        continue;
      }
      double most = Math.exp((double) output.topLogits()[i * k] - output.lse()[i]);
      int bin = (int) Math.min(rows.length - 1.0, most * rows.length);
      rows[bin]++;
      confidence[bin] += most;
      right[bin] += output.topIds()[i * k] == output.targets()[i] ? 1 : 0;
      nll += output.nll()[i];
      brier += output.squares()[i] - 2 * Math.exp(-(double) output.nll()[i]) + 1;
    }
  }

  /** Returns how many rows counted. */
  public long rows() {
    long sum = 0;
    for (long n : rows) {
      sum += n;
    }
    return sum;
  }

  /** Returns the expected calibration error, in [0, 1]; NaN without rows. */
  public double expectedCalibrationError() {
    double sum = 0;
    for (int bin = 0; bin < rows.length; bin++) {
      sum += Math.abs(right[bin] - confidence[bin]);
    }
    return sum / rows();
  }

  /** Returns the Brier score, in [0, 2]; NaN without rows. */
  public double brierScore() {
    return brier / rows();
  }

  /** Returns the mean negative log-likelihood, in nats; NaN without rows. */
  public double nll() {
    return nll / rows();
  }

  /** Returns the share of rows whose most likely class is the target; NaN without rows. */
  public double accuracy() {
    double sum = 0;
    for (double n : right) {
      sum += n;
    }
    return sum / rows();
  }

  /** Returns a bin: confidences from {@code i / bins} up to the next. */
  public Bin bin(int i) {
    return new Bin(rows[i], confidence[i] / rows[i], right[i] / rows[i]);
  }

  @Override
  public String toString() {
    return String.format(
        java.util.Locale.ROOT,
        "%d rows: ECE %.4f, Brier %.4f, nll %.4f, accuracy %.4f",
        rows(),
        expectedCalibrationError(),
        brierScore(),
        nll(),
        accuracy());
  }
}
