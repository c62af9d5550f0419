package dev.headroom.scaling.plan;

import java.util.function.DoubleUnaryOperator;

/** Finds the least value of a function that falls and then rises. */
final class LineSearch {

  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;
  private static final int STEPS = 80;

  private LineSearch() {}

  /** Returns where the function is least between two ends, to about 1e-8 (golden section). */
  static double least(DoubleUnaryOperator function, double from, double to) {
    double low = from;
    double high = to;
    double left = high - GOLDEN * (high - low);
    double right = low + GOLDEN * (high - low);
    double atLeft = function.applyAsDouble(left);
    double atRight = function.applyAsDouble(right);
    for (int k = 0; k < STEPS; k++) {
      if (atLeft <= atRight) {
        high = right;
        right = left;
        atRight = atLeft;
        left = high - GOLDEN * (high - low);
        atLeft = function.applyAsDouble(left);
      } else {
        low = left;
        left = right;
        atLeft = atRight;
        right = low + GOLDEN * (high - low);
        atRight = function.applyAsDouble(right);
      }
    }
    return (low + high) / 2;
  }
}
