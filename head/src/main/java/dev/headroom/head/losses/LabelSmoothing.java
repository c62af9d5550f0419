package dev.headroom.head.losses;

/**
 * Converts between the two conventions of label smoothing, which differ in what the target keeps.
 *
 * <table>
 * <caption>Weights in the target distribution</caption>
 * <tr><th>convention</th><th>target</th><th>each other class</th></tr>
 * <tr><td>PyTorch and {@link dev.headroom.head.HeadOptions#withLabelSmoothing}</td>
 *     <td>{@code 1 - eps + eps / V}</td><td>{@code eps / V}</td></tr>
 * <tr><td>Megatron-LM and fairseq</td><td>{@code 1 - eps}</td><td>{@code eps / (V - 1)}</td></tr>
 * </table>
 *
 * <p>V is the number of all present classes. Where Megatron-LM's vocabulary is sharded, its
 * function takes V and the mean of log p from the shard at hand, so its loss depends on the number
 * of shards (and is another one on each); the head's is that of one shard, however its classes are
 * tiled. Heads over parts of the classes add up to it, loss and gradients, where a part of {@code
 * V_s} classes smooths by {@code smoothing V_s / V} and its rows take the log-sum-exp of all parts
 * ({@code LabelSmoothingTest}).
 */
public final class LabelSmoothing {

  private LabelSmoothing() {}

  /**
   * Returns the smoothing that gives a target the weight {@code 1 - eps} and each other class
   * {@code eps / (V - 1)}: {@code eps V / (V - 1)}.
   *
   * @param eps share that the other classes have between them, in [0, (V-1)/V)
   * @param classes V, at least 2
   */
  public static double ofOtherClasses(double eps, long classes) {
    if (classes < 2) {
      throw new IllegalArgumentException("classes: " + classes + " (expected: at least 2)");
    }
    double smoothing = eps * classes / (classes - 1);
    if (!(eps >= 0 && smoothing < 1)) {
      throw new IllegalArgumentException(
          "eps: " + eps + " (expected: 0 to " + (classes - 1) + "/" + classes + ", exclusive)");
    }
    return smoothing;
  }
}
