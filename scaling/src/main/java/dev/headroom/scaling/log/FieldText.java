package dev.headroom.scaling.log;

/**
 * Reads one field of a line: {@code name: value}, {@code name=value}, {@code name value (remark)},
 * {@code value unit}.
 */
final class FieldText {
  private FieldText() {}

  /** Reads the fields between two places, parted by a comma and a space or by a semicolon. */
  static void readAll(TextLines line, Fields row, int from, int to) {
    int a = from;
    for (int i = from; i <= to; i++) {
      boolean comma = i + 1 < to && line.text[i] == ',' && line.text[i + 1] == ' ';
      if (i == to || comma || line.text[i] == ';') {
        read(line, row, a, i);
        a = i + 1;
      }
    }
  }

  /** Reads one field. */
  static void read(TextLines line, Fields row, int from, int to) {
    int a = line.skipSpaces(from);
    int b = line.trimEnd(a, to);
    if (a >= b) {
      return;
    }
    int mark = separator(line, a, b);
    if (mark > 0) {
      row.put(line, a, mark, mark + 1, b);
    } else if (startsNumber(line, a)) {
      int space = line.find(' ', a, b);
      if (space > 0) {
        row.put(line, space, b, a, space);
      }
    } else {
      nameAndValue(line, row, a, b);
    }
  }

  private static int separator(TextLines line, int a, int b) {
    for (int i = a; i < b; i++) {
      if (line.text[i] == ':' || line.text[i] == '=') {
        return i;
      }
    }
    return -1;
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
