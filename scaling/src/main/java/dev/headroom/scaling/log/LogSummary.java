package dev.headroom.scaling.log;

import java.util.List;
import java.util.Map;

/**
 * Says what is in a log: its kind, its series, and as a run its cleaned trajectory.
 *
 * @param name name of the log, for messages
 * @param format kind of log, such as {@code JSONL}
 * @param rows rows that passed the filter
 * @param series the columns that hold at least one number, in the log's order
 * @param axis what the steps count: steps, samples, tokens, FLOPs, epochs or unknown; null where
 *     the log is no run
 * @param run the run, null where the log is none
 * @param notARun why it is no run, null where it is one
 * @param settings settings that the log states
 * @param notes what was odd, one sentence each
 */
public record LogSummary(
    String name,
    String format,
    long rows,
    List<Series> series,
    String axis,
    Run run,
    String notARun,
    Map<String, String> settings,
    List<String> notes) {

  /**
   * One column.
   *
   * @param name its name in the log
   * @param numbers how many finite numbers
   * @param absent on how many rows it has none
   * @param nonFinite how many NaNs and infinities
   * @param least least number, NaN where there is none
   * @param greatest greatest number
   * @param last last number
   */
  public record Series(
      String name,
      long numbers,
      long absent,
      long nonFinite,
      double least,
      double greatest,
      double last) {}

  /** Copies the lists. */
  public LogSummary {
    series = List.copyOf(series);
    notes = List.copyOf(notes);
    settings = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(settings));
  }
}
