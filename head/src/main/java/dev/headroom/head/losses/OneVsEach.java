package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import java.util.Arrays;

/**
 * Replaces the cross-entropy by the one-vs-each bound, estimated from a sample of classes.
 *
 * <pre>
 *   nll &lt;= sum over v other than t of log(1 + exp(z_v - z_t))
 *       ~ (V - 1) / |S without t|  sum over v in S without t of log(1 + exp(z_v - z_t))
 * </pre>
 *
 * <p>Only the sampled classes and the target get a gradient; its mean over uniform samples S is
 * that of the bound. The bound is tight where one class beats each other one, and loose with many
 * classes that are as likely. Its use is to compare with it: the head knows the exact softmax at
 * the cost of its matrix products, which are made here too. Source: Titsias 2016, One-vs-each
 * approximation to softmax for scalable estimation of probabilities.
 */
public final class OneVsEach extends SampledLoss {

  /**
   * Takes a sample; draw another for each step.
   *
   * @param sample different classes, ascending, drawn uniformly
   * @param classes V
   */
  public OneVsEach(long[] sample, long classes) {
    super(sample, classes, 2, "one may be the target");
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      boolean drawn = Arrays.binarySearch(sample, rows.target(i)) >= 0;
      double each = (classes - 1.0) / (sample.length - (drawn ? 1 : 0));
      double target = rows.lse(i) - rows.nll(i);
      double sum = 0;
      double slopes = 0;
      for (int k = 0; k < sample.length; k++) {
        if (sample[k] == rows.target(i)) {
          continue;
        }
        double x = rows.listed(i, k) - target;
        double slope = 1 / (1 + Math.exp(-x));
        sum += x > 40 ? x : Math.log1p(Math.exp(x));
        slopes += slope;
        rows.setListed(i, k, each * slope);
      }
      // z_t = L - nll: the two parts cancel but for the target's entry
      rows.set(i, each * sum, each * slopes, -each * slopes, 0);
    }
  }

  @Override
  public String toString() {
    return "one-vs-each of " + sample.length + " classes";
  }
}
