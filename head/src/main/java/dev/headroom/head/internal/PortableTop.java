package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/** The running list of the largest logits of a chunk of rows; k passes over each tile. */
final class PortableTop {
  private final HeadProblem problem;
  private final HeadResult.Rows out;
  private final int first;
  private final int rows;
  private final int k;

  PortableTop(HeadProblem problem, HeadResult.Rows out, int first, int rows) {
    this.problem = problem;
    this.out = out;
    this.first = first;
    this.rows = rows;
    k = problem.options().topK();
    for (int i = 0; i < rows * k; i++) {
      boolean ignored = problem.ignored(first + i / k);
      out.topLogits()[first * k + i] = ignored ? 0 : Float.NEGATIVE_INFINITY;
    }
  }

  /** Takes up the logits of a tile; tiles come in the order of their classes. */
  void merge(PortableTile tile) {
    NDArray lowest = tile.manager.full(tile.z.getShape(), Float.NEGATIVE_INFINITY);
    NDArray columns = tile.manager.arange(0, (int) (tile.end - tile.begin), 1, DataType.INT64);
    NDArray left = tile.z;
    for (int place = 0; place < Math.min(k, tile.end - tile.begin); place++) {
      NDArray best = left.argMax(1).reshape(new Shape(rows, 1));
      float[] logits = left.gather(best, 1).toFloatArray();
      insert(best.toLongArray(), logits, tile.begin);
      left = NDArrays.where(best.eq(columns), lowest, left);
    }
  }

  /** Lists nothing for rows with NaN or infinity among their logits. */
  void finish() {
    for (int i = first; i < first + rows; i++) {
      if (!problem.ignored(i) && !(out.lse()[i] < Float.POSITIVE_INFINITY)) {
        Arrays.fill(out.topIds(), i * k, (i + 1) * k, -1);
        Arrays.fill(out.topLogits(), i * k, (i + 1) * k, Float.NEGATIVE_INFINITY);
      }
    }
  }

  private void insert(long[] columns, float[] logits, long begin) {
    for (int i = 0; i < rows; i++) {
      int start = (first + i) * k;
      int at = start + k;
      // an equal logit that is there already has the lower id
      while (at > start && logits[i] > out.topLogits()[at - 1]) {
        at--;
      }
      if (at == start + k || problem.ignored(first + i)) {
        continue;
      }
      System.arraycopy(out.topLogits(), at, out.topLogits(), at + 1, start + k - 1 - at);
      System.arraycopy(out.topIds(), at, out.topIds(), at + 1, start + k - 1 - at);
      out.topLogits()[at] = logits[i];
      out.topIds()[at] = begin + columns[i];
    }
  }
}
