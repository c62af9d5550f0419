package dev.headroom.scaling.log;

/** Makes the summary of a log while its rows pass by once. */
final class Summaries {
  private Summaries() {}

  static LogSummary of(LogRows rows, ColumnMap map) {
    SeriesRanges ranges = new SeriesRanges();
    RunColumns columns = null;
    RunBuilder builder = null;
    String notARun = null;
    try {
      columns = rows.columns(map);
      builder = new RunBuilder(rows.name(), columns, rows.faults());
    } catch (IllegalArgumentException e) {
      notARun = refuse(e, map);
    }
    while (rows.next()) {
      ranges.add(rows.cells());
      if (builder != null) {
        builder.add(rows.cells(), rows.source().mayBeCut());
      }
    }
    Run run = null;
    if (builder != null) {
      try {
        rows.requireOneRun();
        columns.requireFound(rows.cells());
        run = builder.build(rows.settings());
      } catch (IllegalArgumentException e) {
        notARun = refuse(e, map);
      } catch (LogException e) {
        notARun = e.getMessage();
      }
    }
    if (ranges.rows() == 0) {
      throw rows.faults().nothing();
    }
    return new LogSummary(
        rows.name(),
        rows.format(),
        ranges.rows(),
        ranges.series(rows.cells().names()),
        run == null ? null : columns.unit(),
        run,
        notARun,
        rows.settings(),
        run == null ? rows.faults().notes() : run.notes());
  }

  private static String refuse(IllegalArgumentException e, ColumnMap map) {
    if (!map.columns().isEmpty()) {
      throw e;
    }
    return e.getMessage();
  }
}
