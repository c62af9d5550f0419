package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds one row as text or numbers, and the names of all columns met so far. */
final class Cells {
  private final Map<String, Integer> index = new HashMap<>();
  private final List<String> names = new ArrayList<>();

  /** Stands in a text cell whose value is in {@link #numbers}; told by identity. */
  private static final String NUMBER = new String("number");

  private String[] text = new String[16];
  private double[] numbers = new double[16];
  long line;

  int add(String name) {
    Integer old = index.get(name);
    if (old != null) {
      return old;
    }
    index.put(name, names.size());
    names.add(name);
    if (names.size() > text.length) {
      text = Arrays.copyOf(text, 2 * text.length);
      numbers = Arrays.copyOf(numbers, text.length);
    }
    return names.size() - 1;
  }

  /** Returns the number of a column, or -1. */
  int find(String name) {
    return index.getOrDefault(name, -1);
  }

  List<String> names() {
    return names;
  }

  void clear() {
    Arrays.fill(text, 0, names.size(), null);
  }

  void set(int column, String value) {
    text[column] = value;
  }

  /** Sets a cell to a number, which needs no text until someone asks for it. */
  void set(int column, double value) {
    text[column] = NUMBER;
    numbers[column] = value;
  }

  /** Says whether a cell is set. */
  boolean has(int column) {
    return column >= 0 && text[column] != null;
  }

  String[] copy() {
    String[] out = new String[names.size()];
    for (int c = 0; c < out.length; c++) {
      out[c] = text(c);
    }
    return out;
  }

  void load(String[] row, long atLine) {
    clear();
    System.arraycopy(row, 0, text, 0, row.length);
    line = atLine;
  }

  String text(int column) {
    if (column < 0 || !isNumber(column)) {
      return column < 0 ? null : text[column];
    }
    double value = numbers[column];
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  @SuppressWarnings("ReferenceEquality")
  private boolean isNumber(int column) {
    return text[column] == NUMBER;
  }

  double number(int column) {
    if (column >= 0 && isNumber(column)) {
      return numbers[column];
    }
    return column < 0 ? Run.ABSENT : number(text[column]);
  }

  /** Says whether a cell holds text that is neither a number nor a mark for "nothing". */
  boolean isWord(int column) {
    if (column >= 0 && isNumber(column)) {
      return false;
    }
    String cell = text(column);
    return cell != null && Run.isAbsent(number(cell)) && !isNothing(cell.trim());
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
