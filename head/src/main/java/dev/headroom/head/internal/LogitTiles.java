package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import com.sun.jna.Memory;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * The logits z of a few rows as the kernels of this process form them: statistics of the rows over
 * all classes, or tile by tile for a closer look.
 *
 * <p>A tile is a fixed range of classes, so that a row's logits do not depend on how many rows
 * there are nor on what they hold, where the kernels promise as much (NATIVE_CPU). Extra memory:
 * the kernels' workspace and a tile of every row.
 */
final class LogitTiles {
  /** Classes that a row is shown at once. */
  static final int GROUP = 512;

  // whole groups and, at 448 columns, whole tiles of the native kernels
  private static final int COLUMNS = 14 * GROUP;

  private final HeadKernels kernels;
  private final HeadProblem problem;

  /** Takes the logits of one row, group by group in the order of the classes. */
  interface Row {
    void group(float[] z, int count, long begin);
  }

  LogitTiles(HeadKernels kernels, HeadProblem problem) {
    this.kernels = kernels;
    this.problem = problem;
  }

  /** Returns a problem of prediction: no targets, no gradients. */
  static HeadProblem problem(NDArray e, NDArray c, NDArray b, HeadOptions options) {
    int n = (int) e.getShape().get(0);
    // (a target is a class, whose loss nobody reads)
    return new HeadProblem(e, c, b, new long[n], null, new float[n], new float[n], null, options);
  }

  /** Returns a few of these rows, in memory of the same manager. */
  LogitTiles rows(int[] few) {
    NDArray e = problem.e();
    try (NDArray index = e.getManager().create(few)) {
      NDArray some = e.get(index.toType(DataType.INT64, true));
      return new LogitTiles(kernels, problem(some, problem.c(), problem.b(), problem.options()));
    }
  }

  /** Returns the bytes that a row's part of a tile takes. */
  static long bytesPerRow(HeadOptions options) {
    return Float.BYTES * Math.min(COLUMNS, options.classes());
  }

  /** Returns log-sum-exp and the k largest logits of each row, k at most HeadOptions.MOST_TOP. */
  HeadResult.Rows statistics(int k) {
    return kernels.forward(problem.withOptions(problem.options().withTopK(k))).rows();
  }

  /** Ranks each row's best k, any k, with one look at all logits. */
  RankedRow[] best(int k) {
    BestClasses[] best = new BestClasses[problem.n()];
    Arrays.setAll(best, i -> new BestClasses(k));
    show(best);
    return Arrays.stream(best).map(BestClasses::ranked).toArray(RankedRow[]::new);
  }

  /** Shows each row its logits. */
  void show(Row[] rows) {
    if (rows.length == 0) {
      return;
    }
    long classes = problem.options().classes();
    float[] group = new float[GROUP];
    try (Memory memory = new Memory(rows.length * bytesPerRow(problem.options()))) {
      FloatBuffer z = memory.getByteBuffer(0, memory.size()).asFloatBuffer();
      for (long begin = 0; begin < classes; begin += COLUMNS) {
        int columns = (int) Math.min(COLUMNS, classes - begin);
        kernels.logits(problem, begin, begin + columns, z);
        for (int i = 0; i < rows.length; i++) {
          for (int from = 0; from < columns; from += GROUP) {
            int count = Math.min(GROUP, columns - from);
            z.get(i * columns + from, group, 0, count);
            rows[i].group(group, count, begin + from);
          }
        }
      }
    }
  }
}
