package dev.headroom.head.internal;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The places of targets in [N,k], in the order of their classes. */
final class SphericalTargets {
  private final long[] ids;
  private final int[] places;

  SphericalTargets(long[] ids, long ignoreIndex) {
    this.ids = ids;
    places =
        IntStream.range(0, ids.length)
            .filter(at -> ids[at] != ignoreIndex)
            .boxed()
            .sorted(Comparator.comparingLong(at -> ids[at]))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /** Hands out the places of the targets in [begin, end), at most so many at once. */
  void each(long begin, long end, int most, Consumer<int[]> body) {
    int stop = first(end);
    for (int at = first(begin); at < stop; at += most) {
      body.accept(Arrays.copyOfRange(places, at, Math.min(stop, at + most)));
    }
  }

  /** Returns the first place whose class is at least v. */
  private int first(long v) {
    int low = 0;
    int high = places.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ids[places[middle]] < v) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
