package dev.headroom.head;

import com.knuddels.jtokkit.api.Encoding;
import dev.headroom.head.internal.EncodingTokens;
import dev.headroom.head.internal.NumberText;
import dev.headroom.head.internal.NumberVocabulary;
import dev.headroom.head.internal.TiktokenTable;
import dev.headroom.head.internal.TokenizerJson;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * Lists the number tokens of a vocabulary: the set S of their ids, rising, and the value {@code
 * v_j} of each, for a number-token loss.
 *
 * <table>
 * <caption>What counts, after one mark is taken off each end</caption>
 * <tr><td>{@code 7}</td><td>every kind</td></tr>
 * <tr><td>{@code 12}, {@code 007}</td><td>{@link Kind#NUMBERS}, {@link Kind#DECIMALS}: values 12
 *   and 7; a vocabulary that cuts numbers into chunks has {@code 007} as the end of 1007</td></tr>
 * <tr><td>{@code 3.14}</td><td>{@link Kind#DECIMALS}</td></tr>
 * <tr><td>{@code .5}, {@code 5.}</td><td>never: after a 3 the first means half a unit of 3.5, the
 *   second mostly ends a sentence</td></tr>
 * <tr><td>{@code -7}, {@code 1e3}, {@code 1_000}, {@code 1,000}, {@code inf}, {@code nan}, digits
 *   of other scripts, special tokens</td><td>never</td></tr>
 * <tr><td>whole numbers above 2^53, decimals of more than 15 digits (leading zeros aside)</td>
 *   <td>left out and counted by {@link #leftOut}: a double cannot tell them from their
 *   neighbours</td></tr>
 * </table>
 *
 * <table>
 * <caption>Marks</caption>
 * <tr><td>byte-level BPE (GPT-2, Llama 3, Qwen 2, Mistral from Tekken on)</td><td>U+0120, a
 *   space</td></tr>
 * <tr><td>sentencepiece, BPE or Unigram (Llama 2, Mistral before Tekken, T5)</td><td>U+2581, or
 *   what the file says in its place</td></tr>
 * <tr><td>WordPiece (BERT)</td><td>{@code ##}, which says that a token does not start a word</td>
 *   </tr>
 * <tr><td>suffix of word ends (CLIP)</td><td>as the file says</td></tr>
 * <tr><td>tables of bytes (tiktoken, JTokkit), added tokens</td><td>a space</td></tr>
 * </table>
 *
 * <p>A byte-fallback token {@code <0x37>} is the digit 7 only where no token without mark is {@code
 * 7}: otherwise text is never encoded to it, and a value would be there twice, once without any
 * chance to be a target. Non-special added tokens count like others, and take the place of the
 * model's token of the same id.
 *
 * <p>JTokkit's {@code o200k_base} has 1110 number tokens of 200019 and {@code cl100k_base} 1110 of
 * 100277, in both 0 to 9, 00 to 99 and 000 to 999 and none with a leading space. So a loss over
 * single tokens sees 12345 as 123 and 45: it scores chunks, not the number.
 *
 * <p>Values are float64. Immutable, for any number of threads. Source: Zausinger et al. 2024,
 * Regress, Don't Guess: A Regression-like Loss on Number Tokens for Language Models (number token
 * loss, section 3).
 */
public final class NumberTokens {

  /** Which tokens count. */
  public enum Kind {
    /** Single ASCII digits. */
    DIGITS,
    /** All strings of ASCII digits. */
    NUMBERS,
    /** All strings of ASCII digits, and those with one point between digits. */
    DECIMALS
  }

  private record Entry(int id, double value, int digits, boolean starts) {}

  private static final Comparator<Entry> BY_ID = Comparator.comparingInt(Entry::id);

  private final Entry[] entries;
  private final int vocabularySize;
  private final int leftOut;

  private NumberTokens(List<Entry> unsorted, String name, String rule, int size, int leftOut) {
    if (unsorted.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": no number token among " + size + " (expected: at least one; " + rule + ")");
    }
    entries = unsorted.toArray(Entry[]::new);
    Arrays.sort(entries, BY_ID);
    vocabularySize = size;
    this.leftOut = leftOut;
  }

  private static NumberTokens of(NumberVocabulary vocabulary, Kind kind) {
    List<Entry> entries = new ArrayList<>();
    int leftOut = 0;
    for (NumberVocabulary.Token token : vocabulary.tokens()) {
      if (NumberText.matches(token.text(), kind)) {
        double value = NumberText.value(token.text());
        if (Double.isNaN(value)) {
          leftOut++;
        } else {
          entries.add(
              new Entry(token.id(), value, NumberText.digits(token.text()), token.starts()));
        }
      }
    }
    String rule = "of kind " + kind + "; give the values yourself: NumberTokens.of(Map)";
    return new NumberTokens(entries, vocabulary.name(), rule, vocabulary.size(), leftOut);
  }

  /**
   * Reads a {@code tokenizer.json} of Hugging Face tokenizers, in one pass.
   *
   * @throws IOException where it cannot be read
   * @throws IllegalArgumentException where it is malformed, naming file and field: no JSON or not
   *     UTF-8, no vocabulary, an id that is negative, above 16777215 or taken, more than 256 MiB;
   *     and where it has no number token
   */
  public static NumberTokens ofTokenizerJson(Path file, Kind kind) throws IOException {
    return of(TokenizerJson.read(file), kind);
  }

  /**
   * Reads a tiktoken table: a token's bytes in base64, a space and its rank on each line. Special
   * tokens are not in it, so a head may have more classes.
   *
   * @throws IOException where it cannot be read
   * @throws IllegalArgumentException where a line is malformed or repeats a rank, naming file and
   *     line; and where it has no number token
   */
  public static NumberTokens ofTiktoken(Path file, Kind kind) throws IOException {
    return of(TiktokenTable.read(file), kind);
  }

  /**
   * Lists the number tokens of a JTokkit encoding by decoding one id after the other until 4096 in
   * a row are not in use. Needs JTokkit on the class path, which is an optional dependency.
   *
   * @throws IllegalArgumentException where it has no number token
   */
  public static NumberTokens ofEncoding(Encoding encoding, Kind kind) {
    return of(EncodingTokens.read(encoding), kind);
  }

  /**
   * Makes a table of given values, which may be any finite numbers.
   *
   * <p>No token starts a number; digits are those of the value written out whole, 0 where it is
   * negative, has a fraction or lies above 2^53. The vocabulary ends with the highest id.
   *
   * @param values value of each id
   * @throws IllegalArgumentException where it is empty, an id is negative or the highest integer, a
   *     value is not finite
   */
  public static NumberTokens of(Map<Integer, Double> values) {
    List<Entry> entries = new ArrayList<>();
    int size = 0;
    for (Map.Entry<Integer, Double> given : values.entrySet()) {
      Integer id = given.getKey();
      Double value = given.getValue();
      if (id == null || id < 0 || id == Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "number token id: " + id + " (expected: 0 to 2147483646)");
      }
      if (value == null || !Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "value of number token " + id + ": " + value + " (expected: a finite number)");
      }
      size = Math.max(size, id + 1);
      // -0 becomes 0
      entries.add(new Entry(id, value + 0.0, wholeDigits(value), false));
    }
    return new NumberTokens(entries, "number tokens", "the value of each id", size, 0);
  }

  /**
   * Returns these tokens under other ids, for a head whose classes are some of a vocabulary's.
   *
   * @param newId new id of each id, negative where the token is left out; each new id once
   * @param size of the new vocabulary, above all new ids
   * @throws IllegalArgumentException where no token is left, or a new id is taken or too high
   */
  public NumberTokens renumbered(IntUnaryOperator newId, int size) {
    List<Entry> kept = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (Entry entry : entries) {
      int id = newId.applyAsInt(entry.id);
      if (id >= size || (id >= 0 && !taken.add(id))) {
        throw new IllegalArgumentException(
            "new id of number token "
                + entry.id
                + ": "
                + id
                + " (expected: below "
                + size
                + ", and no other's)");
      }
      if (id >= 0) {
        kept.add(new Entry(id, entry.value, entry.digits, entry.starts));
      }
    }
    return new NumberTokens(kept, "renumbered", "one that is not left out", size, leftOut);
  }

  private static int wholeDigits(double value) {
    boolean whole = value >= 0 && value <= 0x1p53 && value == Math.rint(value);
    return whole ? Long.toString((long) value).length() : 0;
  }

  /** Returns how many number tokens there are, at least 1. */
  public int size() {
    return entries.length;
  }

  /** Returns a copy of the ids, rising. */
  public int[] ids() {
    return Arrays.stream(entries).mapToInt(Entry::id).toArray();
  }

  /** Returns a copy of the values, in the order of the ids. */
  public double[] values() {
    return Arrays.stream(entries).mapToDouble(Entry::value).toArray();
  }

  /** Returns whether an id is a number token; any other id is allowed, an ignore index too. */
  public boolean contains(long id) {
    return find(id) >= 0;
  }

  /**
   * Returns the value of a number token.
   *
   * @throws IllegalArgumentException where the id is none
   */
  public double value(long id) {
    return entry(id).value;
  }

  /**
   * Returns how many digits a number token has, leading zeros too: 3 for {@code 007} and for {@code
   * 3.14}.
   *
   * @throws IllegalArgumentException where the id is none
   */
  public int digits(long id) {
    return entry(id).digits;
  }

  /**
   * Returns whether a number token says by its marks that a new number begins: a space before it,
   * or no mark of continuation where the vocabulary has one. False says nothing, since a number
   * without a space before it also begins somewhere.
   *
   * @throws IllegalArgumentException where the id is none
   */
  public boolean startsNumber(long id) {
    return entry(id).starts;
  }

  /** Returns one more than the highest id seen in the vocabulary, special tokens too. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** Returns how many numbers of the vocabulary no double tells from their neighbours. */
  public int leftOut() {
    return leftOut;
  }

  /**
   * Checks that all number tokens are classes of a head.
   *
   * @throws IllegalArgumentException where the highest id is not below the number of classes
   */
  public void checkClasses(long classes) {
    int highest = entries[entries.length - 1].id;
    if (highest >= classes) {
      throw new IllegalArgumentException(
          "number token id: "
              + highest
              + " (expected: below "
              + classes
              + ", the classes of the head; take the vocabulary that the targets are made with)");
    }
  }

  private int find(long id) {
    Entry sought = new Entry((int) id, 0, 0, false);
    return id == sought.id ? Arrays.binarySearch(entries, sought, BY_ID) : -1;
  }

  private Entry entry(long id) {
    int i = find(id);
    if (i < 0) {
      throw new IllegalArgumentException(
          "number token id: " + id + " (expected: one of ids(); contains(id) tells)");
    }
    return entries[i];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NumberTokens that
        && Arrays.equals(entries, that.entries)
        && vocabularySize == that.vocabularySize
        && leftOut == that.leftOut;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(entries);
  }

  /** Returns counts and range: {@code 1110 number tokens of 200019, values 0 to 999}. */
  @Override
  public String toString() {
    DoubleSummaryStatistics range = Arrays.stream(values()).summaryStatistics();
    String rest = leftOut == 0 ? "" : ", " + leftOut + " left out as too long for a double";
    return String.format(
        "%d number tokens of %d, values %s to %s%s",
        size(), vocabularySize, plain(range.getMin()), plain(range.getMax()), rest);
  }

  private static String plain(double value) {
    String text = BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    return text.length() <= 20 ? text : Double.toString(value);
  }
}
