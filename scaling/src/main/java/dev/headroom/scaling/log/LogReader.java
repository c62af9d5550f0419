package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads the logs of training runs, recognised by content, plain or gzip.
 *
 * <p>NaN and infinity are values. A malformed line is counted by kind with its first example in the
 * notes, and so are restarts (the rows after one replace the older ones), duplicate steps (the last
 * wins), steps out of order, gaps and a cut last line. Memory: a run keeps its canonical and mapped
 * columns only, and at most about 2^20 rows of them, whatever the size of the log; a table 8 bytes
 * a cell. Throws {@link LogException} for a log that cannot be used and {@link
 * IllegalArgumentException} for a column that is not there.
 */
public final class LogReader {
  private LogReader() {}

  /** Reads one run from a file, every row. */
  public static Run readRun(Path file, ColumnMap map) {
    return readRun(file, map, RowFilter.all());
  }

  /** Reads one run from the rows of a file that a filter keeps. */
  public static Run readRun(Path file, ColumnMap map, RowFilter where) {
    try (LogInput input = LogInput.of(file)) {
      return readRun(input, map, where);
    }
  }

  /**
   * Reads one run from a stream.
   *
   * @param in the bytes, plain or gzip; not closed
   * @param name name for messages
   * @param map which column is which; what it leaves out is looked for under its usual names
   * @param where which rows count
   */
  public static Run readRun(InputStream in, String name, ColumnMap map, RowFilter where) {
    return readRun(LogInput.of(in, name), map, where);
  }

  private static Run readRun(LogInput input, ColumnMap map, RowFilter where) {
    try (LogRows rows = new LogRows(input, where)) {
      RunColumns columns = rows.columns(map);
      RunBuilder builder = new RunBuilder(input.name(), columns, rows.faults());
      while (rows.next()) {
        builder.add(rows.cells(), rows.source().mayBeCut());
      }
      rows.requireOneRun();
      columns.requireFound(rows.cells());
      return builder.build(rows.settings());
    }
  }

  /** Says what is in a file, in one pass. */
  public static LogSummary summary(Path file, ColumnMap map, RowFilter where) {
    try (LogInput input = LogInput.of(file)) {
      return summary(input, map, where);
    }
  }

  /**
   * Says what is in a stream, in one pass.
   *
   * @param in the bytes, plain or gzip; not closed
   * @param name name for messages
   * @param map which column is which; where it names any, the log has to be a run
   * @param where which rows count
   */
  public static LogSummary summary(InputStream in, String name, ColumnMap map, RowFilter where) {
    return summary(LogInput.of(in, name), map, where);
  }

  private static LogSummary summary(LogInput input, ColumnMap map, RowFilter where) {
    try (LogRows rows = new LogRows(input, where)) {
      return Summaries.of(rows, map);
    }
  }

  /**
   * Writes a file as canonical JSONL or CSV, row by row.
   *
   * @param file the log
   * @param map which column is which; where it names any, the log has to be a run
   * @param where which rows count
   * @param out the text, flushed, not closed
   * @param csv CSV instead of JSONL
   * @return what was odd, one sentence each
   */
  public static List<String> convert(
      Path file, ColumnMap map, RowFilter where, Writer out, boolean csv) {
    try (LogInput input = LogInput.of(file)) {
      return convert(input, map, where, out, csv);
    }
  }

  /** Writes a stream, which is not closed, as canonical JSONL or CSV, row by row. */
  public static List<String> convert(
      InputStream in, ColumnMap map, RowFilter where, Writer out, boolean csv) {
    return convert(LogInput.of(in, "standard input"), map, where, out, csv);
  }

  private static List<String> convert(
      LogInput input, ColumnMap map, RowFilter where, Writer out, boolean csv) {
    try (LogRows rows = new LogRows(input, where)) {
      RunColumns columns = null;
      try {
        columns = rows.columns(map);
      } catch (IllegalArgumentException e) {
        if (!map.columns().isEmpty()) {
          throw e;
        }
        rows.faults().note("not a run, columns keep their names: " + e.getMessage());
      }
      if (new CanonicalText(out, csv, rows.faults()).write(rows, columns) == 0) {
        throw rows.faults().nothing();
      }
      return rows.faults().notes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads every numeric column of a file. */
  public static Table readTable(Path file) {
    return readTable(file, RowFilter.all());
  }

  /** Reads every numeric column of the rows of a file that a filter keeps. */
  public static Table readTable(Path file, RowFilter where) {
    try (LogInput input = LogInput.of(file)) {
      return readTable(input, where);
    }
  }

  /**
   * Reads every numeric column of a stream.
   *
   * @param in the bytes, plain or gzip; not closed
   * @param name name for messages
   * @param where which rows count
   */
  public static Table readTable(InputStream in, String name, RowFilter where) {
    return readTable(LogInput.of(in, name), where);
  }

  private static Table readTable(LogInput input, RowFilter where) {
    try (LogRows rows = new LogRows(input, where)) {
      TableBuilder builder = new TableBuilder(input.name(), rows.faults());
      while (rows.next(false)) {
        builder.add(rows.cells(), rows.isKept());
      }
      return builder.build(rows.cells());
    }
  }
}
