package dev.headroom.head.losses;

import dev.headroom.head.NumberTokens;
import dev.headroom.head.RowLoss;
import java.util.Arrays;

/** What losses over number tokens share: they are added on rows whose target is one. */
abstract class NumberLoss implements RowLoss {
  final NumberTokens tokens;
  final long[] ids;
  final double[] values;

  NumberLoss(NumberTokens tokens) {
    this.tokens = tokens;
    ids = Arrays.stream(tokens.ids()).asLongStream().toArray();
    values = tokens.values();
  }

  @Override
  public final boolean replacesCrossEntropy() {
    return false;
  }

  @Override
  public final long[] listedClasses() {
    return ids.clone();
  }

  @Override
  public final boolean takesPart(long target) {
    return tokens.contains(target);
  }

  /**
   * Makes logits into {@code q_j = exp(z_j) / sum_k exp(z_k)}, in place; 0 where z is -infinity.
   *
   * @return the log-sum-exp of the logits
   */
  static double softmax(double[] z) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : z) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (int k = 0; k < z.length; k++) {
      z[k] = Math.exp(z[k] - max);
      sum += z[k];
    }
    for (int k = 0; k < z.length; k++) {
      z[k] /= sum;
    }
    return max + Math.log(sum);
  }
}
