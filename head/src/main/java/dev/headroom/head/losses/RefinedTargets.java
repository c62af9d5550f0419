package dev.headroom.head.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.TopK;

/**
 * Makes soft targets of labels and of what a model said before: its own earlier predictions, or
 * those of a teacher of which only the best k are stored.
 *
 * <pre>
 *   target distribution = (1 - alpha) [v = t] + alpha p_v / sum of the k p,  v among the best k
 * </pre>
 *
 * <p>For {@link dev.headroom.head.HeadOptions#withSoftTargets} of k + 1. Not with a k so small that
 * the best k hold little of the mass: what is left is made into certainty. Source: Kim et al. 2021,
 * Self-knowledge distillation with progressive refinement of targets.
 */
public final class RefinedTargets {

  private RefinedTargets() {}

  /**
   * Returns labels (ids [..., k + 1], weights [..., k + 1]); a target may be named twice.
   *
   * @param targets int64 [...], the ignore index where a row does not count
   * @param earlier predictions of the same rows
   * @param alpha share of the earlier predictions, 0 to 1
   * @param ignoreIndex of the head
   */
  public static NDList of(NDArray targets, TopK earlier, double alpha, long ignoreIndex) {
    if (!(alpha >= 0 && alpha <= 1)) {
      throw new IllegalArgumentException("alpha: " + alpha + " (expected: 0 to 1)");
    }
    Shape shape = earlier.ids().getShape();
    int k = (int) shape.get(shape.dimension() - 1);
    Shape leading = shape.slice(0, shape.dimension() - 1);
    if (!targets.getShape().equals(leading)) {
      throw new IllegalArgumentException(
          "targets: " + targets.getShape() + " (expected: " + leading + ", as the predictions)");
    }
    long[] labels = targets.toLongArray();
    long[] best = earlier.ids().toLongArray();
    float[] logs = earlier.logProbabilities().toFloatArray();
    long[] ids = new long[labels.length * (k + 1)];
    float[] weights = new float[ids.length];
    for (int i = 0; i < labels.length; i++) {
      double sum = 0;
      for (int j = i * k; j < (i + 1) * k; j++) {
        sum += Math.exp(logs[j]);
      }
      int at = i * (k + 1);
      ids[at] = labels[i];
      weights[at] = (float) (1 - alpha);
      for (int j = 0; j < k; j++) {
        ids[at + 1 + j] = labels[i] == ignoreIndex ? ignoreIndex : best[i * k + j];
        weights[at + 1 + j] = (float) (alpha * Math.exp(logs[i * k + j]) / sum);
      }
    }
    NDManager manager = targets.getManager();
    Shape pairs = leading.add(k + 1);
    return new NDList(manager.create(ids, pairs), manager.create(weights, pairs));
  }
}
