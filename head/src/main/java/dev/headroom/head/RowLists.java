package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadProblem.Listed;
import dev.headroom.head.internal.HeadProblem.Listed.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Lays out the classes that a loss lists. */
final class RowLists {

  private RowLists() {}

  /** Returns in how many ways a loss lists classes. */
  static int ways(RowLoss loss) {
    return (loss.listedClasses().length > 0 ? 1 : 0)
        + (loss.listsByRow() ? 1 : 0)
        + (loss.listedTop() > 0 ? 1 : 0);
  }

  /** Returns the lists of a call, or null where no loss lists classes. */
  static Listed of(HeadProblem problem, List<RowLoss> losses, long length) {
    RowLoss loss = losses.stream().filter(l -> ways(l) > 0).findFirst().orElse(null);
    if (loss == null) {
      return null;
    }
    long[] targets = problem.targets();
    long[] places = new long[targets.length];
    Arrays.fill(places, -1);
    int[] rows =
        IntStream.range(0, targets.length)
            .filter(i -> targets[i] != problem.options().ignoreIndex())
            .filter(i -> loss.takesPart(targets[i]))
            .toArray();
    for (int place = 0; place < rows.length; place++) {
      places[rows[place]] = place;
    }
    if (loss.listedTop() > 0) {
      checkTop(loss, problem.options());
      return new Listed(Kind.TOP, null, loss.listedTop(), places, rows.length, loss.needsRest());
    }
    if (!loss.listsByRow()) {
      long[] ids = loss.listedClasses();
      checkShared(ids, problem.options().classes());
      return new Listed(ids, places, rows.length);
    }
    long[] ids = loss.listByRow(rows.clone(), targets.clone(), length);
    if (ids.length == 0) {
      ids = new long[rows.length];
      Arrays.fill(ids, -1);
    }
    int each = rows.length == 0 ? 1 : ids.length / rows.length;
    if (each * rows.length != ids.length) {
      throw new IllegalArgumentException(
          "listed classes: "
              + ids.length
              + " (expected: a multiple of "
              + rows.length
              + ", the rows that "
              + loss
              + " lists them for)");
    }
    for (int place = 0; place < rows.length; place++) {
      check(ids, place * each, each, rows[place], problem.options().classes());
    }
    return new Listed(Kind.BY_ROW, ids, each, places, rows.length, loss.needsRest());
  }

  private static void checkShared(long[] ids, long classes) {
    for (int k = 0; k < ids.length; k++) {
      long least = k == 0 ? 0 : ids[k - 1] + 1;
      if (ids[k] < least || ids[k] >= classes) {
        throw new IllegalArgumentException(
            "listed class "
                + k
                + ": "
                + ids[k]
                + " (expected: "
                + least
                + " to "
                + (classes - 1)
                + ", in ascending order)");
      }
    }
  }

  private static void checkTop(RowLoss loss, HeadOptions options) {
    if (loss.listedTop() > options.topK()) {
      throw new IllegalArgumentException(
          "topK: "
              + options.topK()
              + " (expected: at least "
              + loss.listedTop()
              + ", which "
              + loss
              + " lists)");
    }
  }

  private static void check(long[] ids, int from, int each, int row, long classes) {
    long[] sorted = Arrays.copyOfRange(ids, from, from + each);
    Arrays.sort(sorted);
    for (int k = 0; k < each; k++) {
      boolean twice = k > 0 && sorted[k] >= 0 && sorted[k] == sorted[k - 1];
      if (twice || sorted[k] >= classes) {
        throw new IllegalArgumentException(
            "listed class of row "
                + row
                + ": "
                + sorted[k]
                + " (expected: below "
                + classes
                + ", once a row, negative for none)");
      }
    }
  }
}
