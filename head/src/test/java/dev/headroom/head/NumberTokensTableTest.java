package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.headroom.head.NumberTokens.Kind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole encodings against what encoding finds, and tables of given values. */
class NumberTokensTableTest {

  private static Encoding encoding(EncodingType type) {
    return Encodings.newLazyEncodingRegistry().getEncoding(type);
  }

  /** Finds by encoding, not decoding, which digit strings up to a length are one token. */
  private static Map<Integer, String> byEncoding(Encoding encoding, int longest) {
    Map<Integer, String> found = new TreeMap<>();
    for (int length = 1; length <= longest; length++) {
      for (int n = 0; n < Math.pow(10, length); n++) {
        for (String space : new String[] {"", " ", "  "}) {
          String text = space + String.format("%0" + length + "d", n);
          IntArrayList ids = encoding.encodeOrdinary(text);
          if (ids.size() == 1) {
            found.put(ids.get(0), text);
          }
        }
      }
    }
    return found;
  }

  private static void assertSame(Map<Integer, String> expected, NumberTokens tokens) {
    for (Map.Entry<Integer, String> entry : expected.entrySet()) {
      String text = entry.getValue();
      int id = entry.getKey();
      assertEquals(Integer.parseInt(text.strip()), tokens.value(id), text);
      assertEquals(text.strip().length(), tokens.digits(id), text);
      assertEquals(text.startsWith(" "), tokens.startsNumber(id), text);
    }
  }

  @ParameterizedTest
  @CsvSource({"O200K_BASE, 200019", "CL100K_BASE, 100277"})
  void findsEveryNumberOfTheNewerEncodings(EncodingType type, int size) {
    Encoding encoding = encoding(type);
    Map<Integer, String> expected = byEncoding(encoding, 4);
    assertEquals(1110, expected.size());
    for (Kind kind : new Kind[] {Kind.NUMBERS, Kind.DECIMALS}) {
      NumberTokens tokens = NumberTokens.ofEncoding(encoding, kind);
      assertArrayEquals(expected.keySet().stream().mapToInt(i -> i).toArray(), tokens.ids());
      assertSame(expected, tokens);
      assertEquals("1110 number tokens of " + size + ", values 0 to 999", tokens.toString());
    }
    NumberTokens digits = NumberTokens.ofEncoding(encoding, Kind.DIGITS);
    assertEquals("10 number tokens of " + size + ", values 0 to 9", digits.toString());
  }

  @Test
  void findsNumbersWithASpaceInTheVocabularyOfGpt2() {
    Encoding encoding = encoding(EncodingType.R50K_BASE);
    NumberTokens tokens = NumberTokens.ofEncoding(encoding, Kind.NUMBERS);
    // as many as the vocabulary of GPT-2 has in other hands; some are longer than 4 digits
    assertEquals(1691, tokens.size());
    assertEquals(50257, tokens.vocabularySize());
    Map<Integer, String> expected = byEncoding(encoding, 4);
    assertSame(expected, tokens);
    int[] upTo4 = IntStream.of(tokens.ids()).filter(id -> tokens.digits(id) <= 4).toArray();
    assertArrayEquals(expected.keySet().stream().mapToInt(i -> i).toArray(), upTo4);
    assertEquals(697, IntStream.of(tokens.ids()).filter(tokens::startsNumber).count());
    assertEquals(20, NumberTokens.ofEncoding(encoding, Kind.DIGITS).size());
  }

  @Test
  void keepsGivenValuesWhateverTheyAre() {
    Random random = new Random(20241104);
    for (int trial = 0; trial < 300; trial++) {
      Map<Integer, Double> given = new HashMap<>();
      for (int i = random.nextInt(40); i >= 0; i--) {
        boolean whole = random.nextBoolean();
        double value = whole ? random.nextInt(2000) - 500 : random.nextGaussian() * 1e3;
        given.put(random.nextInt(trial + 1), value);
      }
      NumberTokens tokens = NumberTokens.of(given);
      String what = "seed 20241104, trial " + trial;
      int[] ids = given.keySet().stream().mapToInt(i -> i).sorted().toArray();
      assertArrayEquals(ids, tokens.ids(), what);
      assertArrayEquals(IntStream.of(ids).mapToDouble(given::get).toArray(), tokens.values(), what);
      assertEquals(ids.length, tokens.size(), what);
      assertEquals(ids[ids.length - 1] + 1, tokens.vocabularySize(), what);
      tokens.checkClasses(tokens.vocabularySize());
      for (int id = -2; id <= trial + 1; id++) {
        assertEquals(given.containsKey(id), tokens.contains(id), what);
        if (given.containsKey(id)) {
          double v = given.get(id);
          boolean whole = v >= 0 && v == Math.floor(v);
          assertEquals(v, tokens.value(id), what);
          assertEquals(whole ? String.valueOf((int) v).length() : 0, tokens.digits(id), what);
          assertFalse(tokens.startsNumber(id), what);
        }
      }
      assertEquals(tokens, NumberTokens.of(new TreeMap<>(given)));
      given.merge(ids[0], 1.0, Double::sum);
      assertNotEquals(tokens, NumberTokens.of(given), what);
    }
  }

  @Test
  void cannotBeChanged() {
    NumberTokens tokens = NumberTokens.of(Map.of(0, 5.0, 3, -0.0));
    Arrays.fill(tokens.ids(), 9);
    Arrays.fill(tokens.values(), 9);
    assertArrayEquals(new int[] {0, 3}, tokens.ids());
    assertArrayEquals(new double[] {5, 0}, tokens.values());
    assertEquals("2 number tokens of 4, values 0 to 5", tokens.toString());
    assertEquals(
        "1 number tokens of 1, values 1.0E300 to 1.0E300",
        NumberTokens.of(Map.of(0, 1e300)).toString());
  }

  private static String message(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  @Test
  void namesWhatIsWrong() {
    NumberTokens tokens = NumberTokens.of(Map.of(0, 5.0, 7, 6.0));
    tokens.checkClasses(8);
    assertEquals(
        "number token id: 7 (expected: below 7, the classes of the head; take the vocabulary that"
            + " the targets are made with)",
        message(() -> tokens.checkClasses(7)));
    String rule = " (expected: one of ids(); contains(id) tells)";
    assertEquals("number token id: 3" + rule, message(() -> tokens.value(3)));
    assertEquals("number token id: -100" + rule, message(() -> tokens.digits(-100)));
    assertEquals(
        "number token id: 4294967296" + rule, message(() -> tokens.startsNumber(1L << 32)));
    assertEquals(
        "number token id: -1 (expected: 0 to 2147483646)",
        message(() -> NumberTokens.of(Map.of(-1, 0.0))));
    message(() -> NumberTokens.of(Map.of(Integer.MAX_VALUE, 0.0)));
    assertEquals(
        "value of number token 4: NaN (expected: a finite number)",
        message(() -> NumberTokens.of(Map.of(4, Double.NaN))));
    Map<Integer, Double> unknown = new HashMap<>();
    unknown.put(4, null);
    assertEquals(
        "value of number token 4: null (expected: a finite number)",
        message(() -> NumberTokens.of(unknown)));
    assertEquals(
        "number tokens: no number token among 0 (expected: at least one; the value of each id)",
        message(() -> NumberTokens.of(Map.of())));
  }

  @Test
  void keepsValuesAndDigitsUnderOtherIds() {
    NumberTokens tokens = NumberTokens.ofEncoding(encoding(EncodingType.O200K_BASE), Kind.NUMBERS);
    int zeros = encoding(EncodingType.O200K_BASE).encodeOrdinary("007").get(0);
    int twelve = encoding(EncodingType.O200K_BASE).encodeOrdinary("12").get(0);
    NumberTokens two = tokens.renumbered(id -> id == zeros ? 4 : id == twelve ? 2 : -1, 5);
    assertArrayEquals(new int[] {2, 4}, two.ids());
    assertArrayEquals(new double[] {12, 7}, two.values());
    assertEquals(3, two.digits(4));
    assertEquals(2, two.digits(2));
    assertEquals(5, two.vocabularySize());
    assertThrows(IllegalArgumentException.class, () -> tokens.renumbered(id -> 3, 5));
    assertThrows(IllegalArgumentException.class, () -> tokens.renumbered(id -> id, 5));
    assertThrows(IllegalArgumentException.class, () -> tokens.renumbered(id -> -1, 5));
  }
}
