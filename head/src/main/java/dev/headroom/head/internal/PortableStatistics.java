package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;

/**
 * The statistics of a chunk of rows, gathered tile by tile: sums within a tile in float32, over
 * tiles in float64 on the Java heap.
 */
final class PortableStatistics {
  private final HeadProblem problem;
  private final Classes classes;
  private final HeadResult.Rows out;
  private final int first;
  private final int rows;
  private final double[] max;
  private final double[] sum;
  private final double[] sumOffsets;
  private final double[] target;
  private final double[] smoothed;
  private final double[] softLogits;

  PortableStatistics(
      HeadProblem problem, Classes classes, HeadResult.Rows out, int first, int end) {
    this.problem = problem;
    this.classes = classes;
    this.out = out;
    this.first = first;
    rows = end - first;
    max = new double[rows];
    // finite, so that a difference of two of them is a number
    Arrays.fill(max, -Float.MAX_VALUE);
    sum = new double[rows];
    sumOffsets = new double[rows];
    target = new double[rows];
    smoothed = new double[rows];
    softLogits = new double[rows];
  }

  void run(NDArray e, PortableTile.Operands operands, long tileColumns) {
    long v = problem.options().classes();
    long[] targets = Arrays.copyOfRange(problem.targets(), first, first + rows);
    PortableTop top = out.topIds() == null ? null : new PortableTop(problem, out, first, rows);
    for (long begin = 0; begin < v; begin += tileColumns) {
      try (PortableTile tile =
          new PortableTile(e, operands, begin, Math.min(v, begin + tileColumns))) {
        mergeExponentials(tile);
        if (tile.holdsAny(targets)) {
          add(target, tile.logitsAt(targets), null);
        }
        if (classes.smoothed() != null) {
          mergeSmoothed(tile);
        }
        mergeSoft(tile);
        if (top != null) {
          top.merge(tile);
        }
      }
    }
    for (int i = 0; i < rows; i++) {
      if (!problem.ignored(first + i)) {
        write(i);
      }
    }
    if (top != null) {
      top.finish();
    }
  }

  private static void add(double[] sums, float[] values, float[] factors) {
    for (int i = 0; i < sums.length; i++) {
      // (another class's logit may be infinite where the factor is 0)
      sums[i] +=
          factors == null ? values[i] : factors[i] == 0 ? 0 : (double) factors[i] * values[i];
    }
  }

  /** Merges the maximum, the sum of exponentials and, for the entropy, sum exp(z-max) (z-max). */
  private void mergeExponentials(PortableTile tile) {
    int[] along = {1};
    // a tile that is -inf throughout has no classes: its origin is a number
    NDArray origin = tile.z.max(along, true).maximum(-Float.MAX_VALUE);
    NDArray offsets = tile.z.sub(origin);
    NDArray exponentials = offsets.exp();
    float[] tileSum = exponentials.sum(along).toFloatArray();
    float[] tileMax = origin.toFloatArray();
    float[] tileOffsets =
        out.entropy() == null
            ? new float[rows]
            // (0 x -inf is no number)
            : exponentials.mul(offsets.maximum(-Float.MAX_VALUE)).sum(along).toFloatArray();
    for (int i = 0; i < rows; i++) {
      double larger = Math.max(max[i], tileMax[i]);
      double old = Math.exp(max[i] - larger);
      double fresh = Math.exp(tileMax[i] - larger);
      sumOffsets[i] =
          old * (sumOffsets[i] + (max[i] - larger) * sum[i])
              + fresh * (tileOffsets[i] + (tileMax[i] - larger) * tileSum[i]);
      sum[i] = old * sum[i] + fresh * tileSum[i];
      max[i] = larger;
    }
  }

  private void mergeSmoothed(PortableTile tile) {
    NDArray weights = tile.classRow(classes.smoothed());
    NDArray products = tile.z.mul(weights);
    NDArray absent = weights.eq(0f).broadcast(products.getShape());
    NDArray zeros = tile.manager.zeros(products.getShape(), DataType.FLOAT32);
    add(smoothed, NDArrays.where(absent, zeros, products).sum(new int[] {1}).toFloatArray(), null);
  }

  private void mergeSoft(PortableTile tile) {
    for (int k = 0; k < problem.options().softTargets(); k++) {
      long[] ids = problem.softIds(k, first, rows);
      if (tile.holdsAny(ids)) {
        add(softLogits, tile.logitsAt(ids), problem.softWeights(k, first, rows));
      }
    }
  }

  private void write(int i) {
    int row = first + i;
    double lse = max[i] + Math.log(sum[i]);
    out.lse()[row] = (float) lse;
    out.nll()[row] = (float) (lse - target[i]);
    if (out.smooth() != null) {
      out.smooth()[row] = (float) ((classes.total() * lse - smoothed[i]) / classes.count());
    }
    if (out.soft() != null) {
      double total = 0;
      for (int k = 0; k < problem.options().softTargets(); k++) {
        total += problem.softWeights(k, row, 1)[0];
      }
      out.soft()[row] = (float) (total * lse - softLogits[i]);
    }
    if (out.entropy() != null) {
      out.entropy()[row] = (float) (Math.log(sum[i]) - sumOffsets[i] / sum[i]);
    }
  }
}
