package dev.headroom.scaling.log;

/**
 * Finds the step that a line of a training log is about: {@code iteration 100/ 148693}, {@code
 * step: 10}, {@code step:10/1750}, {@code iter 10}, {@code Iter: 91 / 100}.
 */
final class StepMark {
  private static final String[] WORDS = {"iteration", "iter", "steps", "step"};

  int start;

  /** Place behind the number and, where there is one, behind the total. */
  int end;

  long step;

  /** Steps of the whole run, or -1 where the line does not say. */
  long total;

  /** Whether a colon stands between the word and the number. */
  boolean colon;

  /**
   * Says whether the line is a row that ends behind its step and the total: in front of the mark
   * stands nothing but a time in brackets.
   */
  boolean isTorn(TextLines line) {
    int before = line.trimEnd(line.from, start);
    return total > 0
        && line.trimEnd(end, line.to) == end
        && (before == line.from || line.text[before - 1] == ']');
  }

  /** Looks for a mark at or after a place of the line. */
  boolean find(TextLines line, int from) {
    char[] t = line.text;
    int stop = line.to - 5;
    for (int i = from; i < stop; i++) {
      int c = t[i] | 0x20;
      if ((c == 'i' || c == 's') && isWordStart(t, line.from, i)) {
        int behind = word(t, i, line.to);
        if (behind > 0 && number(line, behind)) {
          start = i;
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isWordStart(char[] t, int from, int i) {
    if (i == from) {
      return true;
    }
    char c = t[i - 1];
    return !(Character.isLetterOrDigit(c) || c == '_' || c == '{' || c == '-');
  }

  private static int word(char[] t, int i, int to) {
    for (String word : WORDS) {
      int n = word.length();
      if (i + n >= to || (t[i + 1] != word.charAt(1)) || (t[i] | 0x20) != word.charAt(0)) {
        continue;
      }
      int k = 2;
      while (k < n && t[i + k] == word.charAt(k)) {
        k++;
      }
      if (k == n) {
        return i + n;
      }
    }
    return -1;
  }

  private boolean number(TextLines line, int behind) {
    int i = behind;
    colon = false;
    while (i < line.to && (line.isSpace(i) || line.text[i] == ':' || line.text[i] == '=')) {
      colon |= line.text[i] == ':';
      i++;
    }
    int digits = line.skipDigits(i);
    if (i == behind || digits == i) {
      return false;
    }
    step = line.whole(i, digits);
    total = -1;
    end = digits;
    int slash = line.skipSpaces(digits);
    if (slash < line.to && line.text[slash] == '/') {
      int of = line.skipSpaces(slash + 1);
      int ofEnd = line.skipDigits(of);
      if (ofEnd > of) {
        total = line.whole(of, ofEnd);
        end = ofEnd;
      } else if (of == line.to) {
        end = line.to; // cut behind the stroke
      }
    }
    return step >= 0 && (end == line.to || isBehind(line.text[end]));
  }

  private static boolean isBehind(char c) {
    return c == ' ' || c == '\t' || c == '|' || c == ',' || c == ':' || c == ']' || c == ')';
  }
}
