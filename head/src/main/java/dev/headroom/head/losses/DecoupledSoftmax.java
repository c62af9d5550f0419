package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Replaces the cross-entropy, for rows that have several right classes, by that of each of them
 * against the wrong ones alone.
 *
 * <p>With P the positives of a row, w their weights and R the log-sum-exp over all other classes:
 *
 * <pre>
 *   loss = sum over p in P of w_p log(1 + exp(R - z_p)),   s_p = sigmoid(R - z_p)
 *   d/dz_p = -w_p s_p,   d/dz_v = (sum_p w_p s_p) exp(z_v - R) for v not in P
 * </pre>
 *
 * <p>Positives do not compete with each other, as they do in a softmax with soft targets, whose
 * optimum shares the mass out between them. The row's target is one of them only where it is
 * listed; it tells whether the row counts, and its class weight weighs the row.
 *
 * <p>R is gathered without the positives ({@link RowLoss#needsRest}), not as {@code L + log(1 - sum
 * p)}, whose relative error {@code 2^-24 |L| / (1 - sum p)} grows as they take the mass: on the
 * native and the reference rung it has all digits of float32 down to masses of e^-700. On a
 * gradient entry of a negative that lies 80 nats below L float32 knows nothing: it is 0. A row
 * without positives, or without negatives (R = -infinity), has the loss 0 and no gradient; a
 * positive that is absent (a logit of -infinity) has an infinite loss, as an absent target has.
 *
 * <p>Not where the row's probabilities are to be those of a choice among the positives: nothing
 * fixes their ratios. Source: the loss of one positive against negatives is InfoNCE, van den Oord,
 * Li and Vinyals 2018, Representation learning with contrastive predictive coding, equation 4; each
 * of several positives against the negatives only as in Karpukhin et al. 2020, Dense passage
 * retrieval, equation 2.
 */
public final class DecoupledSoftmax implements RowLoss {
  private final IntFunction<long[]> positives;
  private final IntFunction<double[]> weights;

  /**
   * Takes the positives of the rows of a step.
   *
   * @param positives different classes, by number of a row
   * @param weights of each, in the same order
   */
  public DecoupledSoftmax(IntFunction<long[]> positives, IntFunction<double[]> weights) {
    this.positives = positives;
    this.weights = weights;
  }

  /** Takes positives of equal weight, of sum 1. */
  public DecoupledSoftmax(IntFunction<long[]> positives) {
    this(
        positives,
        row -> {
          double[] equal = new double[positives.apply(row).length];
          Arrays.fill(equal, 1.0 / equal.length);
          return equal;
        });
  }

  @Override
  public boolean listsByRow() {
    return true;
  }

  @Override
  public long[] listByRow(int[] rows, long[] targets, long length) {
    return OwnLists.of(rows, positives);
  }

  @Override
  public boolean needsRest() {
    return true;
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      double[] w = weights.apply(rows.row(i));
      double value = 0;
      double slopes = 0;
      for (int k = 0; k < rows.listed(); k++) {
        if (rows.listedClass(i, k) < 0) {
          continue;
        }
        if (k >= w.length) {
          throw new IllegalArgumentException(
              "weights of row "
                  + rows.row(i)
                  + ": "
                  + w.length
                  + " (expected: one for each of its positives)");
        }
        double x = rows.rest(i) - rows.listed(i, k);
        if (rows.rest(i) == Double.NEGATIVE_INFINITY || w[k] == 0) {
          continue;
        }
        double slope = w[k] / (1 + Math.exp(-x));
        value += w[k] * (x > 40 ? x : Math.log1p(Math.exp(x)));
        slopes += slope;
        rows.setListed(i, k, -slope);
      }
      rows.setRest(i, slopes);
      rows.set(i, value, 0);
    }
  }

  @Override
  public String toString() {
    return "decoupled softmax";
  }
}
