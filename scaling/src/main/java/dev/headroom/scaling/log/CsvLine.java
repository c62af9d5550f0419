package dev.headroom.scaling.log;

import java.util.Arrays;

/**
 * Splits delimited text into records and fields, which stay where they lie in the line's buffer.
 *
 * <p>RFC 4180 with blanks around fields left out, empty lines and lines that begin with {@code #}
 * passed over. A quoted field may hold line ends, at most 100: a quote that is not closed by then
 * makes the record broken instead of taking the rest of the file with it.
 */
final class CsvLine {
  private static final int MOST_LINES = 100;

  private final TextInput in;
  private final char separator;
  private char[] text;
  private int at;
  private int end;
  private int[] from = new int[16];
  private int[] to = new int[16];
  private boolean[] escaped = new boolean[16];
  private int count;
  private long line;
  private boolean broken;

  CsvLine(TextInput in, char separator) {
    this.in = in;
    this.separator = separator;
  }

  /** Goes to the next record; returns false at the end. */
  boolean next() {
    while (in.nextLine()) {
      text = in.chars();
      at = in.from();
      end = in.to();
      line = in.line();
      if (at < end && text[at] != '#' && !isBlank()) {
        split();
        return true;
      }
    }
    return false;
  }

  private boolean isBlank() {
    int p = at;
    while (p < end && text[p] == ' ') {
      p++;
    }
    return p == end;
  }

  private void split() {
    broken = false;
    int start = at;
    if (!fields()) {
      StringBuilder joined = new StringBuilder().append(text, start, end - start);
      boolean closed = false;
      for (int i = 1; i < MOST_LINES && !closed && in.nextLine(); i++) {
        joined.append('\n').append(in.chars(), in.from(), in.to() - in.from());
        text = joined.toString().toCharArray();
        at = 0;
        end = text.length;
        closed = joined.length() < TextInput.LONGEST_LINE && fields();
        if (joined.length() >= TextInput.LONGEST_LINE) {
          break;
        }
      }
      broken = !closed;
    }
  }

  /** Finds the fields; returns false where a quote is not closed. */
  private boolean fields() {
    count = 0;
    while (true) {
      while (at < end && text[at] == ' ') {
        at++;
      }
      if (count == from.length) {
        from = Arrays.copyOf(from, 2 * count);
        to = Arrays.copyOf(to, 2 * count);
        escaped = Arrays.copyOf(escaped, 2 * count);
      }
      escaped[count] = false;
      if (at < end && text[at] == '"') {
        if (!quoted()) {
          from[count] = Math.min(at, end);
          to[count] = end;
          count++;
          return false;
        }
      } else {
        bare();
      }
      count++;
      if (at >= end) {
        return true;
      }
      at++;
    }
  }

  private void bare() {
    int p = at;
    from[count] = p;
    while (p < end && text[p] != separator) {
      p++;
    }
    at = p;
    while (p > from[count] && text[p - 1] == ' ') {
      p--;
    }
    to[count] = p;
  }

  private boolean quoted() {
    from[count] = ++at;
    while (at < end) {
      if (text[at] != '"') {
        at++;
      } else if (at + 1 < end && text[at + 1] == '"') {
        escaped[count] = true;
        at += 2;
      } else {
        to[count] = at++;
        while (at < end && text[at] != separator) {
          at++;
        }
        return true;
      }
    }
    return false;
  }

  int count() {
    return count;
  }

  /** Returns the line at which the record begins, from 1. */
  long line() {
    return line;
  }

  boolean isBroken() {
    return broken;
  }

  String text(int field) {
    String raw = new String(text, from[field], to[field] - from[field]);
    return escaped[field] ? raw.replace("\"\"", "\"") : raw;
  }

  /** Puts a field into a cell. */
  void put(int field, int column, Cells cells) {
    if (escaped[field]) {
      cells.set(column, text(field));
    } else if (to[field] > from[field]) {
      cells.set(column, text, from[field], to[field]);
    }
  }
}
