package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds one row, and the names of all columns met so far.
 *
 * <p>A cell is text, a number, or a range of the buffer that holds the line, which is read as a
 * number or made text only when asked for; such a range is good until the next row.
 */
final class Cells {
  /** Most columns of a log; what goes beyond is counted and left out. */
  static final int MOST_COLUMNS = 1 << 14;

  private static final byte NOTHING = 0;
  private static final byte TEXT = 1;
  private static final byte NUMBER = 2;
  private static final byte RANGE = 3;

  private final Map<String, Integer> index = new HashMap<>();
  private final List<String> names = new ArrayList<>();
  private byte[] kind = new byte[16];
  private String[] text = new String[16];
  private double[] number = new double[16];
  private int[] from = new int[16];
  private int[] to = new int[16];
  private char[] buffer = {};
  private int[] filled = new int[16];
  private int filledCount;
  private long surplus;
  long line;

  /** Returns the number of a column, a new one for a new name, -1 for a name too many. */
  int add(String name) {
    Integer old = index.get(name);
    if (old != null) {
      return old;
    }
    if (names.size() == MOST_COLUMNS) {
      surplus++;
      return -1;
    }
    index.put(name, names.size());
    names.add(name);
    if (names.size() > kind.length) {
      int n = 2 * kind.length;
      kind = Arrays.copyOf(kind, n);
      text = Arrays.copyOf(text, n);
      number = Arrays.copyOf(number, n);
      from = Arrays.copyOf(from, n);
      to = Arrays.copyOf(to, n);
      filled = Arrays.copyOf(filled, n);
    }
    return names.size() - 1;
  }

  /** Returns the number of a column, or -1. */
  int find(String name) {
    return name == null ? -1 : index.getOrDefault(name, -1);
  }

  List<String> names() {
    return names;
  }

  /** Returns how many cells were left out because their column was one too many. */
  long surplus() {
    return surplus;
  }

  void clear() {
    for (int i = 0; i < filledCount; i++) {
      kind[filled[i]] = NOTHING;
      text[filled[i]] = null;
    }
    filledCount = 0;
  }

  /** Returns how many cells of the row hold something. */
  int filled() {
    return filledCount;
  }

  /** Returns the column of the i-th cell that holds something. */
  int filled(int i) {
    return filled[i];
  }

  private boolean fill(int column, byte as) {
    if (column < 0) {
      return false;
    }
    if (kind[column] == NOTHING) {
      filled[filledCount++] = column;
    }
    kind[column] = as;
    return true;
  }

  /** Says whether a cell holds something. */
  boolean has(int column) {
    return column >= 0 && kind[column] != NOTHING;
  }

  /** Puts text into a cell; null leaves it empty. */
  void set(int column, String value) {
    if (value != null && fill(column, TEXT)) {
      text[column] = value;
    }
  }

  /** Puts a number into a cell; {@link Run#ABSENT} leaves it empty. */
  void set(int column, double value) {
    if (!Run.isAbsent(value) && fill(column, NUMBER)) {
      number[column] = value;
    }
  }

  /** Puts a range of the line's buffer into a cell. */
  void set(int column, char[] line, int start, int end) {
    if (fill(column, RANGE)) {
      buffer = line;
      from[column] = start;
      to[column] = end;
    }
  }

  /** Returns the row as text, to be loaded again later. */
  String[] copy() {
    String[] out = new String[names.size()];
    for (int i = 0; i < filledCount; i++) {
      out[filled[i]] = text(filled[i]);
    }
    return out;
  }

  void load(String[] row, long atLine) {
    clear();
    for (int c = 0; c < row.length; c++) {
      set(c, row[c]);
    }
    line = atLine;
  }

  String text(int column) {
    if (column < 0) {
      return null;
    }
    switch (kind[column]) {
      case TEXT:
        return text[column];
      case NUMBER:
        return plain(number[column]);
      case RANGE:
        return new String(buffer, from[column], to[column] - from[column]);
      default:
        return null;
    }
  }

  /** Writes a number so that it reads back to the same bits, whole ones without a point. */
  static String plain(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole && !(value == 0 && 1 / value < 0)
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  double number(int column) {
    if (column < 0) {
      return Run.ABSENT;
    }
    switch (kind[column]) {
      case TEXT:
        return number(text[column]);
      case NUMBER:
        return number[column];
      case RANGE:
        double value = Decimals.parse(buffer, from[column], to[column]);
        return Run.isAbsent(value) ? number(text(column)) : value;
      default:
        return Run.ABSENT;
    }
  }

  /** Says whether a cell holds text that is neither a number nor a mark for "nothing". */
  boolean isWord(int column) {
    if (column < 0 || kind[column] == NOTHING || kind[column] == NUMBER) {
      return false;
    }
    return Run.isAbsent(number(column)) && !isNothing(text(column).trim());
  }

  static double number(String raw) {
    if (raw == null || raw.isEmpty()) {
      return Run.ABSENT;
    }
    char c = raw.charAt(0);
    if ((c >= '0' && c <= '9') || c == '-' || c == '.' || c == '+') {
      try {
        return Double.parseDouble(raw);
      } catch (NumberFormatException e) {
        // "-inf" and words that begin like a number
      }
    }
    return special(raw.trim());
  }

  private static double special(String cell) {
    if (cell.equalsIgnoreCase("nan") || cell.equalsIgnoreCase("-nan")) {
      return Double.NaN;
    }
    String bare = cell.startsWith("-") || cell.startsWith("+") ? cell.substring(1) : cell;
    if (bare.equalsIgnoreCase("inf") || bare.equalsIgnoreCase("infinity")) {
      return cell.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    if (!cell.isEmpty() && (Character.isDigit(bare.isEmpty() ? 'x' : bare.charAt(0)))) {
      try {
        return Double.parseDouble(cell);
      } catch (NumberFormatException e) {
        return Run.ABSENT;
      }
    }
    return Run.ABSENT;
  }

  private static boolean isNothing(String cell) {
    return cell.isEmpty()
        || cell.equals("-")
        || cell.equalsIgnoreCase("na")
        || cell.equalsIgnoreCase("n/a")
        || cell.equalsIgnoreCase("null")
        || cell.equalsIgnoreCase("none");
  }
}
