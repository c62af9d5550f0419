package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;

/**
 * Adds a multiple of each row's entropy to the loss.
 *
 * <pre>
 *   weight H,   d/dz_v = weight p_v (L - H - z_v)
 * </pre>
 *
 * <p>A negative weight is the confidence penalty, which keeps distributions from collapsing (the
 * entropy bonus of policy gradients); a positive one is entropy minimisation, which sharpens them.
 * A mean runs over kept rows by their token weights; class weights do not enter.
 *
 * <p>Not in place of label smoothing by habit: the penalty acts where the model is confident, right
 * or wrong. Sources: Pereyra et al. 2017, Regularizing neural networks by penalizing confident
 * output distributions; Grandvalet and Bengio 2004, Semi-supervised learning by entropy
 * minimization.
 *
 * @param weight of the entropy, of either sign
 */
public record EntropyRegularizer(double weight) implements RowLoss {

  /** Checks the weight. */
  public EntropyRegularizer {
    if (!(Math.abs(weight) < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weight: " + weight + " (expected: a finite number)");
    }
  }

  /** Returns {@code -beta H}, the confidence penalty. */
  public static EntropyRegularizer confidencePenalty(double beta) {
    return new EntropyRegularizer(-beta);
  }

  @Override
  public boolean replacesCrossEntropy() {
    return false;
  }

  @Override
  public boolean needsEntropy() {
    return true;
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      rows.set(i, weight * rows.entropy(i), 0, 0, weight);
    }
  }
}
