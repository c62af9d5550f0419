package dev.headroom.scaling.log;

/**
 * Reads a flat JSON object of numbers, words and strings without escapes where it lies.
 *
 * <p>Lines of a log have their names in one order, so the name expected is compared before any is
 * looked up.
 */
final class JsonLine {
  private int[] expected = new int[16];
  private char[] text;
  private int at;
  private int end;

  /**
   * Fills the cells; returns false, the cells partly filled, where the line is not of this kind.
   */
  boolean read(char[] line, int from, int to, Cells cells) {
    text = line;
    at = from;
    end = to;
    if (!take('{')) {
      return false;
    }
    if (take('}')) {
      return blank();
    }
    for (int k = 0; ; k++) {
      int column = name(k, cells);
      if (column == NO_NAME || !take(':') || !value(column, cells)) {
        return false;
      }
      if (take('}')) {
        return blank();
      }
      if (!take(',')) {
        return false;
      }
    }
  }

  private static final int NO_NAME = -2;

  private int name(int k, Cells cells) {
    if (!take('"')) {
      return NO_NAME;
    }
    int from = at;
    if (!toQuote()) {
      return NO_NAME;
    }
    int length = at - 1 - from;
    if (k == 0 && is("headroom", from, length)) {
      return NO_NAME;
    }
    if (k >= expected.length) {
      expected = java.util.Arrays.copyOf(expected, 2 * k);
    }
    int guess = expected[k];
    if (guess < cells.names().size() && is(cells.names().get(guess), from, length)) {
      return guess;
    }
    int column = cells.add(new String(text, from, length));
    expected[k] = Math.max(0, column);
    return column;
  }

  private boolean is(String name, int from, int length) {
    if (name.length() != length) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (name.charAt(i) != text[from + i]) {
        return false;
      }
    }
    return true;
  }

  private boolean value(int column, Cells cells) {
    blank();
    if (at == end) {
      return false;
    }
    int from = at;
    char c = text[at];
    if (c == '"') {
      at++;
      if (!toQuote()) {
        return false;
      }
      cells.set(column, text, from + 1, at - 1);
      return true;
    }
    while (at < end && isWord(text[at])) {
      at++;
    }
    if (at == from) {
      return false;
    }
    if (c != 'n' || !is("null", from, at - from)) {
      cells.set(column, text, from, at);
    }
    return true;
  }

  private static boolean isWord(char c) {
    return (c >= '0' && c <= '9')
        || c == '.'
        || c == '-'
        || c == '+'
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z');
  }

  /** Goes behind the next quote; false where the string has an escape or no end. */
  private boolean toQuote() {
    while (at < end && text[at] != '"') {
      if (text[at] == '\\') {
        return false;
      }
      at++;
    }
    return at++ < end;
  }

  private boolean take(char c) {
    blank();
    if (at < end && text[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  /** Passes blanks; says whether the line ends here. */
  private boolean blank() {
    while (at < end && (text[at] == ' ' || text[at] == '\t')) {
      at++;
    }
    return at == end;
  }
}
