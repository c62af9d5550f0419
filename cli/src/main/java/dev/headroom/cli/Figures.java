package dev.headroom.cli;

import java.util.List;
import java.util.Locale;

/** Writes numbers and tables for people. */
public final class Figures {

  private Figures() {}

  /** Writes a number with the given significant digits: {@code 1.8172}, {@code 3.1e-05}. */
  public static String of(double value, int digits) {
    if (Double.isNaN(value)) {
      return "?";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size >= 1e7 || size < 1e-4) {
      return String.format(Locale.ROOT, "%." + (digits - 1) + "e", value);
    }
    int before = (int) Math.floor(Math.log10(size)) + 1;
    return String.format(Locale.ROOT, "%." + Math.max(0, digits - before) + "f", value);
  }

  /** Writes a share as a percentage: {@code 95 %}, {@code 99.9 %}. */
  static String percent(double share) {
    double percent = share * 100;
    return percent == Math.rint(percent)
        ? (long) percent + " %"
        : String.format(Locale.ROOT, "%.3g %%", percent);
  }

  /** Writes a count and its noun: {@code 1 row}, {@code 2 rows}. */
  public static String count(long number, String noun) {
    return String.format(Locale.ROOT, "%,d %s%s", number, noun, number == 1 ? "" : "s");
  }

  /** Lines up the cells of rows; the first column to the left, the others to the right. */
  static String table(List<String[]> rows) {
    int columns = rows.stream().mapToInt(r -> r.length).max().orElse(0);
    int[] width = new int[columns];
    for (String[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        width[c] = Math.max(width[c], row[c].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.length; c++) {
        String pad = " ".repeat(width[c] - row[c].length());
        line.append(c == 0 ? row[c] + pad : "  " + pad + row[c]);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
