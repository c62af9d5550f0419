package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts what was wrong with lines, by kind, with the first example of each. */
final class Faults {
  private static final class Count {
    long lines;
    long firstLine;
    String first;
  }

  private final String file;
  private final Map<String, Count> kinds = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  Faults(String file) {
    this.file = file;
  }

  void malformed(String kind, long line, String what) {
    Count count = kinds.computeIfAbsent(kind, k -> new Count());
    if (count.lines++ == 0) {
      count.firstLine = line;
      count.first = what.length() > 120 ? what.substring(0, 120) + "..." : what;
    }
  }

  void cut(long line) {
    notes.add("the last line is cut and was left out (" + file + ":" + line + ")");
  }

  void note(String text) {
    notes.add(text);
  }

  boolean any() {
    return !kinds.isEmpty();
  }

  List<String> notes() {
    List<String> out = new ArrayList<>();
    for (Map.Entry<String, Count> e : kinds.entrySet()) {
      Count c = e.getValue();
      out.add(
          (c.lines == 1 ? "1 line" : c.lines + " lines")
              + " left out: "
              + e.getKey()
              + ", first at "
              + file
              + ":"
              + c.firstLine
              + " ("
              + c.first
              + ")");
    }
    out.addAll(notes);
    return out;
  }

  /** Makes the exception for a file without one good row. */
  LogException nothing() {
    for (Map.Entry<String, Count> e : kinds.entrySet()) {
      Count c = e.getValue();
      return new LogException(
          file,
          c.firstLine,
          LogException.Kind.MALFORMED,
          "no line can be read: "
              + e.getKey()
              + " ("
              + c.first
              + "; expected: JSON objects, one a line, or CSV with a header)");
    }
    return new LogException(
        file,
        0,
        LogException.Kind.EMPTY,
        "no rows"
            + (notes.isEmpty() ? "" : "; " + notes.get(0))
            + " (expected: at least one row of numbers)");
  }
}
