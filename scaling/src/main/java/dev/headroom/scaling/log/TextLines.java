package dev.headroom.scaling.log;

import java.util.Arrays;

/**
 * Walks over a log line by line without making strings: a line ends at a line feed or at a carriage
 * return (progress bars redraw themselves with it), and terminal colour codes are taken out.
 *
 * <p>The fields are the line at hand: {@code text[from..to)}, with the methods that scanners share.
 * Memory: one buffer of 64 Ki characters, at most 1 Mi where a line needs it; of a longer line the
 * first half of that is kept.
 */
final class TextLines {
  private static final int LONGEST = 1 << 20;
  private static final char ESCAPE = '\u001b';

  private final TextInput in;
  private int at;
  private int end;
  private boolean escapes;
  private boolean overlong;
  private char endedBy = '\n';

  char[] text = new char[1 << 16];
  int from;
  int to;

  /** Number of the line in the file, counted by its line feeds, from 1. */
  long number;

  /** Whether the line began after a carriage return, as a redrawn progress bar does. */
  boolean redrawn;

  /** Whether the line is the end of a text that has no final line end. */
  boolean unfinished;

  TextLines(TextInput in) {
    this.in = in;
  }

  /** Walks over the beginning of a text; what follows its last line end may go on. */
  TextLines(String head) {
    in = null;
    text = head.toCharArray();
    end = text.length;
  }

  /** Goes to the next line, or returns false at the end. */
  boolean next() {
    redrawn = endedBy == '\r';
    number += endedBy == '\n' ? 1 : 0;
    escapes = false;
    overlong = false;
    int scan = at;
    while (true) {
      scan = scanToEnd(scan);
      if (scan < end) {
        endedBy = text[scan];
        finish(scan);
        at = scan + 1;
        return true;
      }
      int got = -1;
      if (in != null) {
        scan -= makeRoom();
        got = in.read(text, end, text.length - end);
      }
      if (got <= 0) {
        endedBy = '\n';
        unfinished = true;
        finish(end);
        at = end;
        return from < to;
      }
      end += got;
    }
  }

  private int scanToEnd(int scan) {
    char[] t = text;
    int e = end;
    for (int i = scan; i < e; i++) {
      char c = t[i];
      if (c <= ESCAPE) {
        if (c == '\n' || c == '\r') {
          return i;
        }
        escapes |= c == ESCAPE;
      }
    }
    return e;
  }

  /** Frees space behind the characters held and returns by how much they moved to the front. */
  private int makeRoom() {
    int moved = at;
    if (moved > 0) {
      System.arraycopy(text, at, text, 0, end - at);
      end -= moved;
      at = 0;
    }
    if (end == text.length) {
      if (text.length < LONGEST) {
        text = Arrays.copyOf(text, 2 * text.length);
      } else {
        overlong = true;
        end = LONGEST / 2;
        return moved + LONGEST / 2;
      }
    }
    return moved;
  }

  private void finish(int stop) {
    from = at;
    to = overlong ? Math.min(stop, LONGEST / 2) : stop;
    if (escapes) {
      stripEscapes();
    }
  }

  /**
   * Takes out {@code ESC [ parameters letter}, and an ESC elsewhere with the character after it.
   */
  private void stripEscapes() {
    int out = from;
    for (int i = from; i < to; i++) {
      if (text[i] != ESCAPE) {
        text[out++] = text[i];
        continue;
      }
      i++;
      if (i < to && text[i] == '[') {
        i++;
        while (i < to && text[i] < '@') {
          i++;
        }
      }
    }
    to = out;
  }

  /** Says whether the line was longer than is kept. */
  boolean overlong() {
    return overlong;
  }

  String string(int start, int stop) {
    return new String(text, start, stop - start);
  }

  /** Returns where a word stands at or after a place, or -1. */
  int find(String word, int start) {
    char first = word.charAt(0);
    int last = to - word.length();
    for (int i = start; i <= last; i++) {
      if (text[i] == first && at(i, word)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns where a character stands at or after a place and before another, or -1. */
  int find(char c, int start, int stop) {
    for (int i = start; i < stop; i++) {
      if (text[i] == c) {
        return i;
      }
    }
    return -1;
  }

  /** Says whether a word stands at a place. */
  boolean at(int i, String word) {
    int n = word.length();
    if (i < from || i + n > to) {
      return false;
    }
    for (int k = 0; k < n; k++) {
      if (text[i + k] != word.charAt(k)) {
        return false;
      }
    }
    return true;
  }

  boolean isDigit(int i) {
    return i < to && text[i] >= '0' && text[i] <= '9';
  }

  boolean isLetter(int i) {
    if (i < from || i >= to) {
      return false;
    }
    int c = text[i] | 0x20;
    return c >= 'a' && c <= 'z';
  }

  boolean isSpace(int i) {
    return i < to && (text[i] == ' ' || text[i] == '\t');
  }

  int skipSpaces(int i) {
    int k = i;
    while (isSpace(k)) {
      k++;
    }
    return k;
  }

  int skipDigits(int i) {
    int k = i;
    while (isDigit(k)) {
      k++;
    }
    return k;
  }

  /** Returns the end of what stands before a place, spaces left out. */
  int trimEnd(int start, int stop) {
    int k = stop;
    while (k > start && (text[k - 1] == ' ' || text[k - 1] == '\t')) {
      k--;
    }
    return k;
  }

  /** Returns the whole number between two places, at most 18 digits, or -1. */
  long whole(int start, int stop) {
    if (stop <= start || stop - start > 18) {
      return -1;
    }
    long value = 0;
    for (int i = start; i < stop; i++) {
      value = 10 * value + (text[i] - '0');
    }
    return value;
  }
}
