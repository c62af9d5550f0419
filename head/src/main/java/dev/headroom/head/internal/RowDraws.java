package dev.headroom.head.internal;

/**
 * Draws uniform numbers for one row from (seed, step, row): nothing is carried from call to call,
 * so that a resumed run draws the same.
 *
 * <p>Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014), the
 * finaliser of figure 16.
 */
final class RowDraws {
  private static final long GAMMA = 0x9e37_79b9_7f4a_7c15L;

  private long state;

  RowDraws(long seed, long step, long row) {
    this(mix(mix(mix(seed + GAMMA) + step) + row));
  }

  private RowDraws(long state) {
    this.state = state;
  }

  /** Returns the numbers of one group of this row's classes, apart from those of the row itself. */
  RowDraws group(long group) {
    return new RowDraws(mix(state + ~group));
  }

  /** Returns the next number between 0 and 1, neither of which comes. */
  double next() {
    state += GAMMA;
    return ((mix(state) >>> 12) + 0.5) * 0x1p-52;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d0_49bb_1331_11ebL;
    return z ^ (z >>> 31);
  }
}
