package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Counts what was wrong with lines or records, by kind, with the first example of each. */
final class Faults {
  private static final class Count {
    long number;
    long firstAt;
    String first;
  }

  private final String file;
  private final Map<String, Count> kinds = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();
  private String unit = "line";

  Faults(String file) {
    this.file = file;
  }

  /** Says what the numbers of a binary log count: records or rows. */
  void count(String what) {
    unit = what;
  }

  /** Counts a line, or what else the log is made of, by its number from 1. */
  void malformed(String kind, long number, String what) {
    Count count = kinds.computeIfAbsent(kind, k -> new Count());
    if (count.number++ == 0) {
      count.firstAt = number;
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
          (c.number == 1 ? "1 " + unit : c.number + " " + unit + "s")
              + " left out: "
              + e.getKey()
              + ", first at "
              + file
              + (isLine() ? ":" : ", " + unit + " ")
              + c.firstAt
              + " ("
              + c.first
              + ")");
    }
    out.addAll(notes);
    return out;
  }

  private boolean isLine() {
    return unit.equals("line");
  }

  /** Makes the exception for a file without one good row. */
  LogException nothing() {
    for (Map.Entry<String, Count> e : kinds.entrySet()) {
      Count c = e.getValue();
      return new LogException(
          file,
          isLine() ? c.firstAt : 0,
          LogException.Kind.MALFORMED,
          "no "
              + unit
              + " can be read: "
              + e.getKey()
              + " ("
              + c.first
              + (isLine()
                  ? "; expected: JSON objects, one a line, or CSV with a header)"
                  : "; expected: the file as its writer left it)"));
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
