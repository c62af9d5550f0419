package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.EncodingType;
import dev.headroom.head.NumberTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NumberReadingTest {
  // ids 10 to 19 are the digits 0 to 9; others are words
  private static final NumberTokens DIGITS =
      NumberTokens.of(
          Map.of(10, 0.0, 11, 1.0, 12, 2.0, 13, 3.0, 14, 4.0, 15, 5.0, 16, 6.0, 17, 7.0));

  /** Says what a table says of a window's last token; digits where a number is asked for. */
  private static final class Table implements NumberReading.Guesses {
    private final long[] next;
    private final List<Integer> sizes = new ArrayList<>();
    private final List<long[]> seen = new ArrayList<>();

    Table(long... next) {
      this.next = next;
    }

    private long[] after(long[][] windows) {
      sizes.add(windows.length);
      Arrays.stream(windows).forEach(w -> seen.add(w.clone()));
      return Arrays.stream(windows).mapToLong(w -> next[(int) w[w.length - 1]]).toArray();
    }

    @Override
    public long[] numbers(long[][] windows) {
      return after(windows);
    }

    @Override
    public long[] classes(long[][] windows) {
      return after(windows);
    }
  }

  private static int[] o200k(String text) {
    return Encodings.newLazyEncodingRegistry()
        .getEncoding(EncodingType.O200K_BASE)
        .encodeOrdinary(text)
        .toArray();
  }

  @Test
  void findsRunsOfDigitsWithAWholeWindowBeforeThem() {
    //            0  1   2  3  4   5   6  7  8   9
    int[] text = {1, 11, 1, 1, 12, 10, 1, 1, 17, 13};
    NumberPlaces places = NumberPlaces.of(text, 0, text.length, 2, DIGITS);
    assertArrayEquals(new int[] {4, 8}, places.starts());
    assertArrayEquals(new double[] {20, 73}, places.values());
    // windows may not reach into what lies before the stretch
    assertArrayEquals(new int[] {8}, NumberPlaces.of(text, 3, 10, 2, DIGITS).starts());
    assertArrayEquals(new int[] {4, 8}, NumberPlaces.of(text, 2, 10, 2, DIGITS).starts());
    // a run is cut where the stretch ends; one that began before it begins nowhere
    assertArrayEquals(new double[] {2}, NumberPlaces.of(text, 2, 5, 2, DIGITS).values());
    assertEquals(0, NumberPlaces.of(text, 5, 7, 0, DIGITS).size());
  }

  @Test
  void readsTheNumbersOfRealTokensAsWholeDigitRuns() {
    int[] tokens = o200k("In all 12345 hens, agent 007, 1,000 eggs for $3.14 in 1234567 days");
    NumberPlaces places = NumberPlaces.of(tokens, 0, tokens.length, 1, TokenSink.numbers());
    assertArrayEquals(new double[] {12345, 7, 1, 0, 3, 14, 1234567}, places.values());
  }

  @Test
  void takesEvenlySpacedPlaces() {
    int[] starts = IntStream.range(0, 10).toArray();
    double[] values = Arrays.stream(starts).mapToDouble(i -> 100 + i).toArray();
    NumberPlaces places = new NumberPlaces(starts, values);
    assertArrayEquals(new int[] {0, 2, 5, 7}, places.atMost(4).starts());
    assertArrayEquals(new double[] {100, 102, 105, 107}, places.atMost(4).values());
    assertEquals(10, places.atMost(11).size());
  }

  @Test
  void readsTokensUntilTheLikeliestClassIsNone() {
    // after word 1 the number 1 2 and then word 2; after word 2 the number 7 for ever
    long[] next = new long[20];
    next[1] = 11;
    next[11] = 12;
    next[12] = 2;
    next[2] = 17;
    next[17] = 17;
    Table table = new Table(next);
    int[] text = {5, 6, 1, 8, 9, 2, 8, 5, 1};
    double[] read = new NumberReading(table, DIGITS, 2, 8).read(text, new int[] {3, 6, 9});
    assertArrayEquals(new double[] {12, 7777, 12}, read);
    assertEquals(List.of(3, 3, 3, 1), table.sizes);
    assertArrayEquals(new long[] {6, 1}, table.seen.get(0));
    assertArrayEquals(new long[] {1, 11}, table.seen.get(3));
    assertArrayEquals(new long[] {11, 12}, table.seen.get(6));
  }

  @Test
  void readsTheSameInAnyBatchesAndKeepsLeadingZeros() {
    long[] next = new long[20];
    next[1] = 10;
    next[10] = 17;
    next[2] = 11;
    int[] text = {1, 2, 1, 2, 1};
    int[] starts = {1, 2, 3, 4, 5};
    double[] expected = {7, 1, 7, 1, 7};
    for (int batch : new int[] {1, 2, 5, 64}) {
      NumberReading reading = new NumberReading(new Table(next), DIGITS, 1, batch);
      assertArrayEquals(expected, reading.read(text, starts), "batch " + batch);
    }
  }

  @Test
  void scoresNumbers() {
    NumberScore score = NumberScore.of(new double[] {7, 12, 0, 5000}, new double[] {7, 10, 4, 0});
    assertEquals(4, score.numbers());
    assertEquals((2 + 4 + 5000) / 4.0, score.meanError());
    assertEquals(3, score.medianError());
    assertEquals((0.2 + 1 + 10) / 4, score.relativeError(), 1e-15);
    assertEquals(0.25, score.exact());
    assertEquals(2, NumberScore.median(new double[] {9, 1, 2}));
  }
}
