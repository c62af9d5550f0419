package dev.headroom.scaling.check.trial;

import java.util.List;
import java.util.Locale;

/**
 * Holds one row of the table that says how good the rules are.
 *
 * @param table {@code healthy}, {@code labelled} or {@code injected}
 * @param name name of the set, run or fault
 * @param runs runs judged
 * @param points losses judged
 * @param found runs with an error (healthy), or in which the fault was found
 * @param warned runs with a warning but no error (healthy only)
 * @param live runs in which the check made while the rows come tells an error (healthy) or the
 *     fault
 * @param delay rows from the fault to the live alarm, median; NaN where there is none
 * @param first the first finding, for the reader
 */
public record TrialRow(
    String table,
    String name,
    int runs,
    long points,
    int found,
    int warned,
    int live,
    double delay,
    String first) {
  private static final int TOO_SHORT = 8;

  /** Returns the row as it stands in the documentation. */
  public String markdown() {
    String wait = Double.isNaN(delay) ? "-" : String.format(Locale.ROOT, "%.0f", delay);
    List<Object> cells =
        switch (table) {
          case "healthy" -> List.of(name, runs, points, found, warned, live);
          case "labelled" ->
              List.of(name.substring(name.lastIndexOf('/') + 1), points, hit(), wait);
          default -> List.of(name, runs, share(found), share(live), wait);
        };
    return "| " + String.join(" | ", cells.stream().map(String::valueOf).toList()) + " |";
  }

  private String hit() {
    return found > 0 ? "yes" : points < TOO_SHORT ? "no: too short to judge" : "**no**";
  }

  private String share(int count) {
    return String.format(Locale.ROOT, "%.0f %%", 100.0 * count / Math.max(1, runs));
  }
}
