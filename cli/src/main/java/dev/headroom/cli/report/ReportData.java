package dev.headroom.cli.report;

import dev.headroom.scaling.check.Verdict;
import dev.headroom.scaling.log.Run;
import java.util.List;

/**
 * What a page shows.
 *
 * @param title the heading
 * @param maker name and version of the program
 * @param runs the runs with their verdicts
 * @param sections law and forecast, in order
 */
public record ReportData(String title, String maker, List<JudgedRun> runs, List<Section> sections) {

  /** Copies. */
  public ReportData {
    runs = List.copyOf(runs);
    sections = List.copyOf(sections);
  }

  /** A run and what the checks say of it. */
  public record JudgedRun(Run run, Verdict verdict) {}

  /**
   * A part of the page with one chart.
   *
   * @param title its heading
   * @param summary the result in one sentence
   * @param chart the picture, or null where there is none
   * @param rows a table, the first row its head; may be empty
   * @param notes what to know before it is believed
   */
  public record Section(
      String title, String summary, Chart chart, List<List<String>> rows, List<String> notes) {
    /** Copies. */
    public Section {
      rows = List.copyOf(rows);
      notes = List.copyOf(notes);
    }
  }
}
