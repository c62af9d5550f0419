package dev.headroom.cli;

import dev.headroom.head.bench.BenchSettings;
import java.util.ArrayList;
import java.util.List;

/** Writes a measurement as a page that can be stored beside others. */
final class BenchMarkdown {

  private BenchMarkdown() {}

  /** Returns the page: surroundings, command, both tables, notes. */
  static String of(BenchReport report, BenchSettings settings, BenchSurroundings where) {
    List<String> lines = new ArrayList<>();
    lines.add("# Heads measured by `headroom bench`, " + where.date());
    lines.add("");
    lines.add(where.text());
    lines.add(
        "Workspace "
            + (settings.workspaceBytes() >> 20)
            + " MiB, "
            + Figures.count(settings.threads(), "thread")
            + "; median of "
            + Figures.count(settings.rounds(), "round")
            + " after "
            + settings.warmUp()
            + ", all taking turns in one run:");
    lines.add("");
    lines.add("    " + where.commandLine());
    lines.add("");
    table(report.headRows(), lines);
    lines.add("");
    lines.add(BenchReport.ROOFLINE);
    lines.add("");
    table(report.rooflineRows(), lines);
    if (!report.notes().isEmpty()) {
      lines.add("");
      report.notes().forEach(note -> lines.add("- " + note));
    }
    return String.join("\n", lines) + "\n";
  }

  /** Adds the lines of a table whose first row is its heading. */
  static void table(List<String[]> rows, List<String> lines) {
    for (int i = 0; i < rows.size(); i++) {
      lines.add("| " + String.join(" | ", rows.get(i)) + " |");
      if (i == 0) {
        lines.add("|---".repeat(rows.get(i).length) + "|");
      }
    }
  }
}
