package dev.headroom.head.training;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.DoubleByReference;
import dev.headroom.head.internal.NativeLibrary;

/**
 * Runs the two passes over a parameter's memory, natively where the library is there and else in
 * Java; both give the same bits.
 */
final class Passes {
  private static final NativeLibrary LIBRARY = NativeLibrary.load();

  private Passes() {}

  /** Updates a parameter and its moments in place. */
  static void adamw(NativeLibrary.AdamW update) {
    if (LIBRARY == null) {
      JavaPasses.adamw(update);
    } else {
      check(LIBRARY.headroom_adamw_step(update));
    }
  }

  /** Returns the sum of squares of so many floats, added up in float64. */
  static double sumSquares(Pointer x, long count, int threads) {
    if (LIBRARY == null) {
      return JavaPasses.sumSquares(x, count);
    }
    DoubleByReference sum = new DoubleByReference();
    check(LIBRARY.headroom_sum_squares(x, count, threads, sum));
    return sum.getValue();
  }

  private static void check(int status) {
    if (status == NativeLibrary.INVALID) {
      throw new IllegalArgumentException(LIBRARY.headroom_last_error());
    }
    if (status != 0) {
      throw new IllegalStateException("AdamW: " + LIBRARY.headroom_last_error());
    }
  }
}
