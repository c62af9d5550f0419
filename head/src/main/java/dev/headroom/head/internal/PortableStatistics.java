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
  private final double[] sumOffsetSquares;
  private final double[] sumSquares;
  private final double[] target;
  private final double[] smoothed;
  private final double[] softLogits;
  private final PortableLists lists;

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
    sumOffsetSquares = new double[rows];
    sumSquares = new double[rows];
    target = new double[rows];
    smoothed = new double[rows];
    softLogits = new double[rows];
    lists = PortableLists.of(problem, out, first, rows);
  }

  void run(NDArray e, PortableTile.Operands operands, long tileColumns) {
    long v = problem.options().classes();
    long[] targets = Arrays.copyOfRange(problem.targets(), first, first + rows);
    PortableTop top = out.topIds() == null ? null : new PortableTop(problem, out, first, rows);
    for (long begin = 0; begin < v; begin += tileColumns) {
      try (PortableTile tile =
          new PortableTile(e, operands, begin, Math.min(v, begin + tileColumns))) {
        if (lists != null) {
          lists.read(tile);
        }
        boolean join = lists != null && lists.join();
        mergeExponentials(
            tile, join ? lists.without(tile, tile.z, Float.NEGATIVE_INFINITY) : tile.z);
        if (tile.holdsAny(targets)) {
          add(target, tile.logitsAt(targets), null);
        }
        if (classes.smoothed() != null) {
          mergeSmoothed(tile);
        }
        mergeSoft(tile);
        tile.list(problem, first, out.listed());
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
    if (lists != null) {
      lists.restOfTop();
    }
  }

  private static void add(double[] sums, float[] values, float[] factors) {
    for (int i = 0; i < sums.length; i++) {
      // (another class's logit may be infinite where the factor is 0)
      sums[i] +=
          factors == null ? values[i] : factors[i] == 0 ? 0 : (double) factors[i] * values[i];
    }
  }

  /** Merges the maximum, the sum of exponentials and, where asked for, what moments are made of. */
  private void mergeExponentials(PortableTile tile, NDArray z) {
    int[] along = {1};
    // a tile that is -inf throughout has no classes: its origin is a number
    NDArray origin = z.max(along, true).maximum(-Float.MAX_VALUE);
    NDArray offsets = z.sub(origin);
    NDArray exponentials = offsets.exp();
    float[] tileSum = exponentials.sum(along).toFloatArray();
    float[] tileMax = origin.toFloatArray();
    float[] none = new float[rows];
    // (0 x -inf is no number)
    NDArray present = out.entropy() == null ? null : offsets.maximum(-1e18f);
    NDArray first = present == null ? null : exponentials.mul(present);
    float[] tileFirst = first == null ? none : first.sum(along).toFloatArray();
    boolean moments = out.squares() != null;
    float[] tileSecond = moments ? first.mul(present).sum(along).toFloatArray() : none;
    float[] tileSquares = moments ? exponentials.mul(exponentials).sum(along).toFloatArray() : none;
    for (int i = 0; i < rows; i++) {
      double larger = Math.max(max[i], tileMax[i]);
      shift(i, max[i] - larger);
      double away = tileMax[i] - larger;
      double fresh = Math.exp(away);
      sumOffsetSquares[i] +=
          fresh * (tileSecond[i] + away * (2.0 * tileFirst[i] + away * tileSum[i]));
      sumOffsets[i] += fresh * (tileFirst[i] + away * tileSum[i]);
      sum[i] += fresh * tileSum[i];
      sumSquares[i] += fresh * fresh * tileSquares[i];
      max[i] = larger;
    }
  }

  /** Makes the sums of a row refer to a maximum that lies so much above the old one. */
  private void shift(int i, double away) {
    double factor = Math.exp(away);
    if (factor == 0) {
      sumOffsetSquares[i] = 0;
      sumOffsets[i] = 0;
      sum[i] = 0;
      sumSquares[i] = 0;
      return;
    }
    sumOffsetSquares[i] =
        factor * (sumOffsetSquares[i] + away * (2 * sumOffsets[i] + away * sum[i]));
    sumOffsets[i] = factor * (sumOffsets[i] + away * sum[i]);
    sum[i] *= factor;
    sumSquares[i] *= factor * factor;
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

  /** Adds the logits that a row lists of its own to its sums, which hold all others. */
  private void joinListed(int i) {
    out.rest()[problem.place(first + i)] = (float) (max[i] + Math.log(sum[i]));
    for (double logit : lists.logits(i)) {
      double larger = Math.max(max[i], logit);
      shift(i, max[i] - larger);
      max[i] = larger;
      double away = logit - larger;
      double fresh = Math.exp(away);
      if (!(fresh == 0)) {
        sum[i] += fresh;
        sumOffsets[i] += fresh * away;
        sumOffsetSquares[i] += fresh * away * away;
        sumSquares[i] += fresh * fresh;
      }
    }
  }

  private void write(int i) {
    int row = first + i;
    if (lists != null && lists.join() && problem.place(row) >= 0) {
      joinListed(i);
    }
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
    double mean = sumOffsets[i] / sum[i];
    if (out.entropy() != null) {
      out.entropy()[row] = (float) (Math.log(sum[i]) - mean);
    }
    if (out.squares() != null) {
      out.squares()[row] = (float) (sumSquares[i] / sum[i] / sum[i]);
      out.variance()[row] = (float) Math.max(0, sumOffsetSquares[i] / sum[i] - mean * mean);
    }
  }
}
