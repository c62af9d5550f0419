package dev.headroom.head;

/**
 * A loss that is formed from the statistics of rows: the one way by which a loss other than
 * cross-entropy comes to the head.
 *
 * <p>The forward pass knows of each row its {@code nll = L - z_t}, {@code L}, where asked for the
 * entropy {@code H}, and the logits of listed classes: the same ones for all rows, ids of each
 * row's own, or its largest logits. A loss returns its value and its derivatives with respect to
 * them; the gradient pass forms
 *
 * <pre>
 *   d/dz_v = dNll (p_v - [v = t]) + dLse p_v + dEntropy p_v (L - H - z_v)
 *            + (dListed_v where v is listed, else dRest exp(z_v - R))
 * </pre>
 *
 * <p>with R the log-sum-exp over the classes that a row does not list, times the row's scale: token
 * weight x class weight over the divisor of the reduction. What a loss holds constant (stops the
 * gradient of), it leaves out of its derivatives. A row whose L is not finite (NaN or infinity
 * among its logits) has the loss NaN, whatever is made of it.
 *
 * <p>What {@link #form} throws reaches the caller of {@link HeadLoss#evaluate}, and the next call
 * is good; with {@link Delivery#FUSED} the gradient buffers may then hold some rows of the call,
 * and are to be cleared.
 *
 * <p>Cost: nothing but the loss's own work where rows do not depend on each other ({@link
 * #eachRowAlone}), one matrix product more where they do. Values and derivatives are float64 until
 * they reach the kernels.
 */
public interface RowLoss {

  /**
   * Returns whether this loss takes the place of the cross-entropy, or is added to it. Class
   * weights weigh it in that place only; {@link Reweighting} never does.
   */
  default boolean replacesCrossEntropy() {
    return true;
  }

  /** Returns whether a row's loss depends on that row alone. */
  default boolean eachRowAlone() {
    return !perSequence();
  }

  /**
   * Returns whether the rows of a sequence ({@link RowBatch#sequence}) have one loss between them.
   * A mean then runs over sequences; the rows of a sequence have one weight, and those of weight 0
   * do not take part.
   */
  default boolean perSequence() {
    return false;
  }

  /** Returns whether the entropy of rows is needed. */
  default boolean needsEntropy() {
    return false;
  }

  /**
   * Returns the classes whose logits are needed of every row, ascending; none by default. A loss
   * lists in one way at most.
   */
  default long[] listedClasses() {
    return new long[0];
  }

  /** Returns whether rows list classes of their own, by {@link #listByRow}. */
  default boolean listsByRow() {
    return false;
  }

  /**
   * Returns the classes whose logits are needed of each row [rows,k], row after row: in any order,
   * a class once a row; a negative id lists none, so that rows may list different numbers of them.
   *
   * @param rows numbers of the rows that take part, ascending
   * @param targets of all rows [N]
   * @param length of a sequence
   */
  default long[] listByRow(int[] rows, long[] targets, long length) {
    return new long[0];
  }

  /**
   * Returns how many of its largest logits each row lists, largest first; 0 by default, at most
   * {@link HeadOptions#MOST_TOP}.
   */
  default int listedTop() {
    return 0;
  }

  /**
   * Returns whether R is needed, the log-sum-exp over the classes that a row does not list, where
   * rows list their own classes or their largest logits.
   */
  default boolean needsRest() {
    return false;
  }

  /**
   * Returns whether a row of this target takes part. The mean runs over such rows, and only they
   * hand out listed logits and reach {@link #form}.
   */
  default boolean takesPart(long target) {
    return true;
  }

  /** Forms value and derivatives of each row of a batch. */
  void form(RowBatch rows);
}
