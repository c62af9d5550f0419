package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;

/**
 * Sums exp(z / temperature) of each row group by group of classes: largest logit and sum relative
 * to it, in float64; a group's own sum is float32.
 */
final class RunningSums {
  private final double temperature;
  private final double[] max;
  private final double[] sum;
  private float[] groupMax;
  private float[] groupSum;
  private int groups;
  private int groupClasses;

  RunningSums(int rows, double temperature) {
    this.temperature = temperature;
    max = new double[rows];
    sum = new double[rows];
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
  }

  /** Sums each group of a tile of logits [rows, columns], for {@link #add} to take. */
  void tile(NDArray z) {
    int columns = (int) z.getShape().get(1);
    groupClasses = Math.min(columns, LogitTiles.GROUP);
    groups = columns / groupClasses;
    NDArray grouped = z.reshape(max.length, groups, groupClasses);
    // a group that is -inf throughout has no classes: its origin is finite, so that its sum is 0
    NDArray origin = grouped.max(new int[] {2}, true).maximum(-Float.MAX_VALUE);
    NDArray scaled = grouped.sub(origin);
    scaled = temperature == 1 ? scaled : scaled.div(temperature);
    groupSum = scaled.exp().sum(new int[] {2}).toFloatArray();
    groupMax = origin.toFloatArray();
  }

  /** Returns the groups of the tile. */
  int groups() {
    return groups;
  }

  /** Returns the classes of each of these groups. */
  int groupClasses() {
    return groupClasses;
  }

  /**
   * Adds a group of the tile to a row.
   *
   * @return its share in all so far; 0 where there is nothing
   */
  double add(int row, int group) {
    int at = row * groups + group;
    double larger = Math.max(max[row], groupMax[at]);
    double own = groupSum[at] * shrink(groupMax[at], larger);
    sum[row] = sum[row] * shrink(max[row], larger) + own;
    max[row] = larger;
    return own > 0 ? own / sum[row] : 0;
  }

  private double shrink(double from, double to) {
    return Math.exp((from - to) / temperature);
  }

  /** Returns the largest logit, unscaled. */
  double max(int row) {
    return max[row];
  }

  /** Returns the sum of exp((z - max) / temperature): NaN after a NaN or +inf, 0 for no class. */
  double sum(int row) {
    return sum[row];
  }
}
