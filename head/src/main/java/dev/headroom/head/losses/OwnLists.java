package dev.headroom.head.losses;

import java.util.Arrays;
import java.util.function.IntFunction;

/** Lays lists of different lengths side by side. */
final class OwnLists {

  private OwnLists() {}

  /** Returns lists [rows,k], -1 where one is shorter than the longest. */
  static long[] of(int[] rows, IntFunction<long[]> lists) {
    long[][] own = Arrays.stream(rows).mapToObj(lists).toArray(long[][]::new);
    int most = Arrays.stream(own).mapToInt(list -> list.length).max().orElse(0);
    long[] ids = new long[Math.multiplyExact(rows.length, most)];
    Arrays.fill(ids, -1);
    for (int i = 0; i < own.length; i++) {
      System.arraycopy(own[i], 0, ids, i * most, own[i].length);
    }
    return ids;
  }
}
