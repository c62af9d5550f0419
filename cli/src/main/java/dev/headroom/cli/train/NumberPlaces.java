package dev.headroom.cli.train;

import dev.headroom.head.NumberTokens;
import java.util.Arrays;

/**
 * Places in a text where a whole number begins, and these numbers.
 *
 * <p>A number is a run of number tokens, read as one string of digits: 123|45 is 12345 and 007 is
 * 7. What else is written between digits ends it: 1,000 is 1 and 0, and 3.14 is 3 and 14.
 *
 * @param starts index of each run's first token, rising
 * @param values the numbers
 */
record NumberPlaces(int[] starts, double[] values) {

  /**
   * Finds the numbers of a stretch of text that have a whole window before them.
   *
   * @param tokens of the text
   * @param from first token that a window may hold
   * @param to end of the text
   * @param context tokens of a window
   * @param numbers the number tokens, strings of digits
   */
  static NumberPlaces of(int[] tokens, int from, int to, int context, NumberTokens numbers) {
    int[] starts = new int[to - from];
    double[] values = new double[to - from];
    int found = 0;
    for (int i = from + context; i < to; i++) {
      if (numbers.contains(tokens[i]) && !(i > 0 && numbers.contains(tokens[i - 1]))) {
        starts[found] = i;
        values[found++] = run(tokens, i, to, numbers);
      }
    }
    return new NumberPlaces(Arrays.copyOf(starts, found), Arrays.copyOf(values, found));
  }

  private static double run(int[] tokens, int from, int to, NumberTokens numbers) {
    StringBuilder digits = new StringBuilder();
    for (int i = from; i < to && numbers.contains(tokens[i]); i++) {
      digits.append(digits(tokens[i], numbers));
    }
    return Double.parseDouble(digits.toString());
  }

  /** Returns the digits of a number token, with its leading zeros. */
  static String digits(long token, NumberTokens numbers) {
    String bare = Long.toString((long) numbers.value(token));
    return "0".repeat(numbers.digits(token) - bare.length()) + bare;
  }

  /** Returns at most so many of these, evenly spaced. */
  NumberPlaces atMost(int most) {
    int n = Math.min(most, starts.length);
    int[] kept = new int[n];
    double[] keptValues = new double[n];
    for (int k = 0; k < n; k++) {
      int at = (int) ((long) k * starts.length / n);
      kept[k] = starts[at];
      keptValues[k] = values[at];
    }
    return new NumberPlaces(kept, keptValues);
  }

  /** Returns how many there are. */
  int size() {
    return starts.length;
  }
}
