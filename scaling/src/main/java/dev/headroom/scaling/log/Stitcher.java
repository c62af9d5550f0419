package dev.headroom.scaling.log;

import java.util.Arrays;

/**
 * Makes one trajectory of rows whose steps go back now and then.
 *
 * <p>Each time the step falls, a new part begins. What it means is read from how the part covers
 * the rows that are there already, from its first step s on:
 *
 * <ul>
 *   <li>a restart, if it writes again what it goes through: every step of the old rows, or rows
 *       spread over the whole of that range (no hole of more than half of it) and at least a
 *       quarter as many as the old ones, for a log that is written less often. A training that was
 *       restarted at s threw away what came after, so all old rows from s on are replaced;
 *   <li>lines out of order otherwise, as of several writers or a summary at the end: they are laid
 *       among the old rows, and of equal steps the later line wins.
 * </ul>
 *
 * <p>Where the step falls at more than one row in twenty (and 1000 times), rows are in no order at
 * all: they are sorted, the last of equal steps wins.
 */
final class Stitcher {
  private static final int MOST_PARTS = 1000;

  private final RunRows rows;
  private int[] kept = {};
  private int n;
  private int restarts;
  private long replaced;
  private int strays;
  private int duplicates;
  private long firstDuplicate;

  Stitcher(RunRows rows) {
    this.rows = rows;
  }

  int restarts() {
    return restarts;
  }

  /** Returns how many rows restarts replaced. */
  long replaced() {
    return replaced;
  }

  /** Returns how many parts were out of order. */
  int strays() {
    return strays;
  }

  int duplicates() {
    return duplicates;
  }

  long firstDuplicate() {
    return firstDuplicate;
  }

  /** Orders the rows; {@code starts} are the first rows of the parts after the first. */
  void stitch(int[] starts, int count) {
    if (count == 0) {
      return;
    }
    if (count > MOST_PARTS && count > rows.size / 20) {
      strays += count;
      sort();
      return;
    }
    kept = new int[rows.size];
    n = 0;
    int from = 0;
    for (int part = 0; part <= count; part++) {
      int to = part < count ? starts[part] : rows.size;
      take(from, to);
      from = to;
    }
    rows.order(kept, n);
  }

  private void take(int from, int to) {
    int lo = n;
    if (n > 0 && rows.step[from] <= rows.step[kept[n - 1]]) {
      lo = firstAtLeast(rows.step[from]);
      if (!isRestart(lo, from, to)) {
        strays++;
        lay(lo, from, to);
        return;
      }
      restarts++;
      replaced += n - lo;
    }
    n = lo;
    for (int i = from; i < to; i++) {
      kept[n++] = i;
    }
  }

  private int firstAtLeast(long step) {
    int lo = 0;
    int hi = n;
    while (lo < hi) {
      int mid = (lo + hi) >>> 1;
      if (rows.step[kept[mid]] < step) {
        lo = mid + 1;
      } else {
        hi = mid;
      }
    }
    return lo;
  }

  private boolean isRestart(int lo, int from, int to) {
    long top = Math.min(rows.step[to - 1], rows.step[kept[n - 1]]);
    int old = 0;
    int shared = 0;
    int inside = 0;
    long widest = 0;
    int i = from;
    for (int k = lo; k < n && rows.step[kept[k]] <= top; k++) {
      old++;
      while (i < to && rows.step[i] < rows.step[kept[k]]) {
        i++;
      }
      shared += i < to && rows.step[i] == rows.step[kept[k]] ? 1 : 0;
    }
    for (i = from; i < to && rows.step[i] <= top; i++) {
      inside++;
      long next = i + 1 < to ? Math.min(rows.step[i + 1], top) : top;
      widest = Math.max(widest, next - rows.step[i]);
    }
    if (inside < 2) {
      return false;
    }
    long range = top - rows.step[from];
    return shared == old || (2 * widest <= range && 4 * inside >= old);
  }

  /** Lays a part among the rows kept. */
  private void lay(int lo, int from, int to) {
    int[] tail = Arrays.copyOfRange(kept, lo, n);
    int a = 0;
    int b = from;
    n = lo;
    while (a < tail.length || b < to) {
      if (b == to || (a < tail.length && rows.step[tail[a]] < rows.step[b])) {
        kept[n++] = tail[a++];
      } else if (a == tail.length || rows.step[b] < rows.step[tail[a]]) {
        kept[n++] = b++;
      } else {
        duplicate(tail[a], b++);
      }
    }
  }

  private void duplicate(int a, int b) {
    if (!Run.isAbsent(rows.loss[a]) && !Run.isAbsent(rows.loss[b]) && duplicates++ == 0) {
      firstDuplicate = rows.step[b];
    }
    rows.lay(a, b);
  }

  private void sort() {
    // Step and row in one number would overflow, so that the order is sorted by index.
    Integer[] order = new Integer[rows.size];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Long.compare(rows.step[a], rows.step[b]));
    kept = new int[order.length];
    n = 0;
    for (int row : order) {
      if (n > 0 && rows.step[kept[n - 1]] == rows.step[row]) {
        duplicate(kept[n - 1], row);
      } else {
        kept[n++] = row;
      }
    }
    rows.order(kept, n);
  }
}
