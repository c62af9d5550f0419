package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.internal.HeadProblem.Listed.Kind;
import java.util.Arrays;

/** The classes that the rows of a chunk list of their own, as arrays of the shape of a tile. */
final class PortableLists {
  private final HeadProblem problem;
  private final HeadProblem.Listed listed;
  private final HeadResult.Rows statistics;
  private final int first;
  private final int rows;

  private PortableLists(HeadProblem problem, HeadResult.Rows statistics, int first, int rows) {
    this.problem = problem;
    listed = problem.listed();
    this.statistics = statistics;
    this.first = first;
    this.rows = rows;
  }

  /** Returns the lists of a chunk, or null where rows have none of their own. */
  static PortableLists of(HeadProblem problem, HeadResult.Rows statistics, int first, int rows) {
    boolean own = problem.listed() != null && problem.listed().kind() != Kind.SHARED;
    return own ? new PortableLists(problem, statistics, first, rows) : null;
  }

  /** Takes the k-th class of a row of the chunk, which is a column of the tile. */
  private interface Entry {
    void at(int i, int k, int column);
  }

  private boolean each(PortableTile tile, Entry entry) {
    boolean any = false;
    for (int i = 0; i < rows; i++) {
      for (int k = 0; problem.place(first + i) >= 0 && k < listed.each(); k++) {
        long id = listed.id(statistics, first + i, k);
        if (id >= tile.begin && id < tile.end) {
          entry.at(i, k, (int) (id - tile.begin));
          any = true;
        }
      }
    }
    return any;
  }

  /** Returns whether listed logits stay out of the tiles' sums until all are known. */
  boolean join() {
    return listed.kind() == Kind.BY_ROW && listed.rest();
  }

  /** Writes those logits that lie in the tile, where their classes are known before them. */
  void read(PortableTile tile) {
    long[] columns = new long[rows * listed.each()];
    if (listed.kind() == Kind.TOP
        || !each(tile, (i, k, column) -> columns[i * listed.each() + k] = column)) {
      return;
    }
    NDArray at = tile.manager.create(columns, new Shape(rows, listed.each()));
    float[] values = tile.z.gather(at, 1).toFloatArray();
    each(
        tile,
        (i, k, column) ->
            statistics.listed()[problem.place(first + i) * listed.each() + k] =
                values[i * listed.each() + k]);
  }

  /** Returns an array of the tile's shape with another value at listed classes. */
  NDArray without(PortableTile tile, NDArray array, float value) {
    int width = (int) (tile.end - tile.begin);
    boolean[] mask = new boolean[rows * width];
    if (!each(tile, (i, k, column) -> mask[i * width + column] = true)) {
      return array;
    }
    NDArray here = tile.manager.create(mask, array.getShape());
    return NDArrays.where(here, tile.manager.full(array.getShape(), value), array);
  }

  /** Returns an array of the tile's shape plus upstream gradients at listed classes. */
  NDArray add(PortableTile tile, NDArray g) {
    int width = (int) (tile.end - tile.begin);
    float[] values = new float[rows * width];
    boolean any =
        each(
            tile,
            (i, k, column) -> values[i * width + column] = (float) problem.uListed(first + i, k));
    return any ? g.add(tile.manager.create(values, g.getShape())) : g;
  }

  /** Returns the listed logits of a row of the chunk. */
  double[] logits(int i) {
    double[] logits = new double[problem.place(first + i) < 0 ? 0 : listed.each()];
    Arrays.setAll(logits, k -> listed.logit(statistics, first + i, k));
    return logits;
  }

  /** Writes what rows have outside of their largest logits, by what these take of the mass. */
  void restOfTop() {
    for (int i = 0; listed.kind() == Kind.TOP && listed.rest() && i < rows; i++) {
      int row = first + i;
      if (problem.place(row) < 0) {
        continue;
      }
      boolean all = listed.each() == problem.options().classes();
      double least = Math.exp(-statistics.nll()[row]);
      double mass = 1;
      for (int k = 0; k < listed.each(); k++) {
        long id = listed.id(statistics, row, k);
        mass -= Math.exp(listed.logit(statistics, row, k) - statistics.lse()[row]);
        all |= id < 0;
        least = id == problem.targets()[row] ? 0 : least;
      }
      // (the lists of a row with NaN are empty)
      double rest = Double.isFinite(statistics.lse()[row]) ? Math.max(all ? 0 : mass, least) : mass;
      statistics.rest()[problem.place(row)] = (float) (statistics.lse()[row] + Math.log(rest));
    }
  }
}
