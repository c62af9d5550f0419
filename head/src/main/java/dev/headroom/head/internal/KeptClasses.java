package dev.headroom.head.internal;

import java.util.Arrays;

/**
 * What a pass over all classes leaves of its rows.
 *
 * @param best of each row
 * @param sums over all classes, or null
 */
record KeptClasses(BestClasses[] best, RunningSums sums) {

  void requireFinite(int i, long row) {
    if (!(sums.sum(i) < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "logits of row "
              + row
              + ": NaN or infinite (expected: finite, or -Infinity for a masked class; look at the"
              + " hidden states of this row, the classifier and the bias)");
    }
  }

  double logProbability(int i, int rank) {
    float z = best[i].logit(rank);
    return z == Float.NEGATIVE_INFINITY ? z : z - sums.max(i) - Math.log(sums.sum(i));
  }

  /** Keeps the best k; sums where a temperature is given, not 0. */
  static KeptClasses scan(LogitTiles tiles, long[] rows, int k, double temperature) {
    BestClasses[] best = new BestClasses[rows.length];
    Arrays.setAll(best, i -> new BestClasses(k));
    RunningSums sums = temperature == 0 ? null : new RunningSums(rows.length, temperature);
    tiles.visit(
        rows,
        (z, values, begin) -> {
          int columns = (int) z.getShape().get(1);
          for (int i = 0; i < rows.length; i++) {
            best[i].offer(values, i * columns, columns, begin);
          }
          if (sums != null) {
            sums.tile(z);
            addAll(sums, rows.length);
          }
        });
    for (BestClasses row : best) {
      row.sort();
    }
    return new KeptClasses(best, sums);
  }

  private static void addAll(RunningSums sums, int rows) {
    for (int i = 0; i < rows; i++) {
      for (int group = 0; group < sums.groups(); group++) {
        sums.add(i, group);
      }
    }
  }
}
