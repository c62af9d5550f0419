package dev.headroom.scaling.log;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/**
 * Walks over a log line by line without making strings, terminal colour codes taken out.
 *
 * <p>The fields are the line at hand, {@code text[from..to)}; the methods are what the scanners
 * share.
 */
final class TextLines {
  private static final char ESCAPE = '\u001b';

  private final TextInput in;
  private boolean returned;

  char[] text = {};
  int from;
  int to;

  /** Number of the line in the file, from 1. */
  long number;

  /** Whether the line began after a carriage return, as a redrawn progress bar does. */
  boolean redrawn;

  /** Whether the line is the end of a text that has no final line end. */
  boolean unfinished;

  TextLines(TextInput in) {
    this.in = in;
  }

  /** Walks over the beginning of a text; its last line may go on behind it. */
  TextLines(String head) {
    this(
        new TextInput(
            new ByteArrayInputStream(head.getBytes(StandardCharsets.UTF_8)),
            StandardCharsets.UTF_8,
            "head"));
  }

  /** Goes to the next line, or returns false at the end. */
  boolean next() {
    redrawn = returned;
    if (!in.nextLine()) {
      return false;
    }
    returned = in.lineIsRedrawn();
    text = in.chars();
    from = in.from();
    to = in.to();
    number = in.line();
    unfinished = in.lineIsOpen();
    for (int i = from; i < to; i++) {
      if (text[i] == ESCAPE) {
        stripEscapes(i);
        break;
      }
    }
    return true;
  }

  /**
   * Takes out {@code ESC [ parameters letter}, and an ESC elsewhere with the character after it.
   */
  private void stripEscapes(int first) {
    int out = first;
    for (int i = first; i < to; i++) {
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

  String string(int start, int stop) {
    return new String(text, start, stop - start);
  }

  /** Returns where a word stands at or after a place, or -1. */
  int find(String word, int start) {
    return find(word, start, to);
  }

  /** Returns where a word stands between two places, or -1. */
  int find(String word, int start, int stop) {
    char first = word.charAt(0);
    int last = stop - word.length();
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
