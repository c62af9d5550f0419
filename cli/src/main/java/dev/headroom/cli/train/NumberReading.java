package dev.headroom.cli.train;

import dev.headroom.head.NumberTokens;
import java.util.Arrays;

/**
 * Reads the whole number that a model predicts after a window of T tokens, digit by digit.
 *
 * <p>Greedy: the first token is the most likely number token; the window then moves on by it, and
 * further tokens follow while the most likely class of all is a number token, {@link #MOST_TOKENS}
 * in all. Their digits one after the other are the number.
 */
final class NumberReading {
  /** Number tokens that are read at most: 12 digits where tokens have three. */
  static final int MOST_TOKENS = 4;

  /** What a model holds most likely after each of some windows. */
  interface Guesses {
    /** Returns the most likely number token. */
    long[] numbers(long[][] windows);

    /** Returns the most likely class of all. */
    long[] classes(long[][] windows);
  }

  private final Guesses guesses;
  private final NumberTokens numbers;
  private final int context;
  private final int batch;

  /**
   * Prepares to read.
   *
   * @param context T, tokens of a window
   * @param batch windows that are shown at once
   */
  NumberReading(Guesses guesses, NumberTokens numbers, int context, int batch) {
    this.guesses = guesses;
    this.numbers = numbers;
    this.context = context;
    this.batch = batch;
  }

  /** Returns the number predicted at each place of a text. */
  double[] read(int[] tokens, int[] starts) {
    double[] values = new double[starts.length];
    for (int from = 0; from < starts.length; from += batch) {
      int to = Math.min(starts.length, from + batch);
      double[] some = readBatch(tokens, Arrays.copyOfRange(starts, from, to));
      System.arraycopy(some, 0, values, from, some.length);
    }
    return values;
  }

  private double[] readBatch(int[] tokens, int[] starts) {
    int n = starts.length;
    long[][] windows = new long[n][context];
    StringBuilder[] digits = new StringBuilder[n];
    int[] open = new int[n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < context; j++) {
        windows[i][j] = tokens[starts[i] - context + j];
      }
      digits[i] = new StringBuilder();
      open[i] = i;
    }
    for (int step = 0; step < MOST_TOKENS && open.length > 0; step++) {
      long[][] shown = Arrays.stream(open).mapToObj(i -> windows[i]).toArray(long[][]::new);
      long[] next = step == 0 ? guesses.numbers(shown) : guesses.classes(shown);
      int kept = 0;
      for (int k = 0; k < next.length; k++) {
        if (numbers.contains(next[k])) {
          int i = open[k];
          digits[i].append(NumberPlaces.digits(next[k], numbers));
          System.arraycopy(windows[i], 1, windows[i], 0, context - 1);
          windows[i][context - 1] = next[k];
          open[kept++] = i;
        }
      }
      open = Arrays.copyOf(open, kept);
    }
    return Arrays.stream(digits).mapToDouble(d -> Double.parseDouble(d.toString())).toArray();
  }
}
