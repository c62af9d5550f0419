package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;

/** The softmax of a row among its listed classes. */
final class NumberSoftmax {

  private NumberSoftmax() {}

  /**
   * Writes {@code q_j = exp(z_j) / sum_k exp(z_k)} over listed classes.
   *
   * @return the log-sum-exp of the listed logits
   */
  static double of(RowBatch rows, int i, double[] q) {
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < q.length; k++) {
      q[k] = rows.listed(i, k);
      max = Math.max(max, q[k]);
    }
    double sum = 0;
    for (int k = 0; k < q.length; k++) {
      q[k] = Math.exp(q[k] - max);
      sum += q[k];
    }
    for (int k = 0; k < q.length; k++) {
      q[k] /= sum;
    }
    return max + Math.log(sum);
  }
}
