package dev.headroom.scaling.log;

/**
 * Reads one field of a line: {@code name: value}, {@code name=value}, {@code name value (remark)},
 * {@code value unit}.
 */
final class FieldText {
  private FieldText() {}

  /** Reads fields parted by upright bars, by a comma and a space or by semicolons. */
  static void readAll(TextLines line, Fields row, int from, int to) {
    char[] t = line.text;
    int a = from;
    int separator = -1;
    for (int i = from; i < to; i++) {
      char c = t[i];
      if (c == '|' || c == ';' || (c == ',' && i + 1 < to && t[i + 1] == ' ')) {
        read(line, row, a, i, separator);
        a = i + 1;
        separator = -1;
      } else if (separator < 0 && (c == ':' || c == '=')) {
        separator = i;
      }
    }
    read(line, row, a, to, separator);
  }

  private static void read(TextLines line, Fields row, int from, int to, int separator) {
    int a = line.skipSpaces(from);
    int b = line.trimEnd(a, to);
    if (a >= b) {
      return;
    }
    if (separator > a) {
      row.put(line, a, separator, separator + 1, b);
    } else if (startsNumber(line, a)) {
      int space = line.find(' ', a, b);
      if (space > 0) {
        row.put(line, space, b, a, space);
      }
    } else {
      nameAndValue(line, row, a, b);
    }
  }

  private static void nameAndValue(TextLines line, Fields row, int a, int b) {
    for (int i = a + 1; i < b; i++) {
      if (line.text[i - 1] == ' ' && startsNumber(line, i)) {
        int end = i;
        while (end < b && line.text[end] != ' ') {
          end++;
        }
        int behind = line.skipSpaces(end);
        if (!line.isLetter(i) || behind >= b || line.text[behind] == '(') {
          row.put(line, a, i, i, end); // "of nan iterations" is no NaN
          return;
        }
      }
    }
  }

  private static boolean startsNumber(TextLines line, int i) {
    char c = line.text[i];
    return line.isDigit(i)
        || ((c == '-' || c == '+' || c == '.') && (line.isDigit(i + 1) || line.at(i + 1, "inf")))
        || line.at(i, "nan")
        || line.at(i, "inf");
  }
}
