package dev.headroom.head.internal;

import dev.headroom.head.Sampling;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Draws the classes of one call of sample. */
final class ClassDraw {
  private final Sampling sampling;
  private final long seed;
  private final long step;
  private final long[] drawn;

  ClassDraw(Sampling sampling, long seed, long step, long[] drawn) {
    this.sampling = sampling;
    this.seed = seed;
    this.step = step;
    this.drawn = drawn;
  }

  /**
   * Draws from all classes in one pass: each group takes over with the chance of its share so far.
   */
  void fromAll(LogitTiles tiles, long[] rows) {
    RunningSums sums = new RunningSums(rows.length, sampling.temperature());
    RowDraws[] draws = new RowDraws[rows.length];
    Arrays.setAll(draws, i -> new RowDraws(seed, step, rows[i]));
    tiles.visit(
        rows,
        (z, values, begin) -> {
          sums.tile(z);
          for (int i = 0; i < rows.length; i++) {
            fromTile(sums, draws[i], i, values, (int) rows[i], begin);
          }
        });
    KeptClasses kept = new KeptClasses(null, sums);
    for (int i = 0; i < rows.length; i++) {
      kept.requireFinite(i, rows[i]);
      requireClass(sums.sum(i), rows[i]);
    }
  }

  private void fromTile(
      RunningSums sums, RowDraws draws, int i, float[] values, int row, long begin) {
    int group = sums.groupClasses();
    for (int g = 0; g < sums.groups(); g++) {
      // drawn for every group, so that the numbers do not depend on what came before
      double takesOver = draws.next();
      double which = draws.next();
      if (takesOver < sums.add(i, g)) {
        int from = (i * sums.groups() + g) * group;
        drawn[row] = begin + (long) g * group + inGroup(values, from, group, which);
      }
    }
  }

  private int inGroup(float[] values, int from, int columns, double which) {
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < columns; j++) {
      max = Math.max(max, values[from + j]);
    }
    double[] weights = new double[columns];
    double total = 0;
    for (int j = 0; j < columns; j++) {
      weights[j] = Math.exp(((double) values[from + j] - max) / sampling.temperature());
      total += weights[j];
    }
    return pick(weights, columns, which * total);
  }

  /**
   * Draws from the best k, or from the nucleus among them.
   *
   * @return the rows whose nucleus reaches beyond the best k
   */
  long[] fromBest(LogitTiles tiles, long[] rows, int k, long classes) {
    KeptClasses kept = KeptClasses.scan(tiles, rows, k, sampling.temperature());
    boolean whole = sampling.topK() > 0 || k == classes;
    return IntStream.range(0, rows.length)
        .filter(i -> !drawFrom(kept, i, rows[i], whole))
        .mapToLong(i -> rows[i])
        .toArray();
  }

  /** Returns false where the nucleus reaches beyond what is kept. */
  private boolean drawFrom(KeptClasses kept, int i, long row, boolean whole) {
    kept.requireFinite(i, row);
    requireClass(kept.sums().sum(i), row);
    BestClasses best = kept.best()[i];
    double[] weights = new double[best.size()];
    double keptSum = 0;
    for (int j = 0; j < weights.length; j++) {
      weights[j] = Math.exp((best.logit(j) - kept.sums().max(i)) / sampling.temperature());
      keptSum += weights[j];
    }
    double wanted = sampling.topP() * (whole ? keptSum : kept.sums().sum(i));
    int nucleus = 0;
    double sum = 0;
    while (nucleus < weights.length && sum < wanted) {
      sum += weights[nucleus++];
    }
    if (sum < wanted && !whole) {
      return false;
    }
    double which = new RowDraws(seed, step, row).next();
    drawn[(int) row] = best.id(pick(weights, nucleus, which * sum));
    return true;
  }

  private static void requireClass(double sum, long row) {
    if (sum == 0) {
      throw new IllegalArgumentException(
          "logits of row " + row + ": all -Infinity (expected: a class that is not masked)");
    }
  }

  /** Returns the first place where the running sum is above a number; never a weight of 0. */
  private static int pick(double[] weights, int count, double number) {
    double sum = 0;
    int last = 0;
    for (int j = 0; j < count; j++) {
      sum += weights[j];
      last = weights[j] > 0 ? j : last;
      if (number < sum) {
        return j;
      }
    }
    return last;
  }
}
