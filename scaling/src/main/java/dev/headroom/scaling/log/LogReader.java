package dev.headroom.scaling.log;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads canonical JSONL and delimited text, recognised by content, plain or gzip.
 *
 * <p>NaN and infinity are values. A malformed line is counted by kind with its first example in the
 * notes, and so are duplicate steps (the last wins), steps out of order, gaps and a cut last line.
 * Memory: 8 bytes a cell kept; a run keeps its canonical and mapped columns only. Throws {@link
 * LogException} for a file that cannot be used and {@link IllegalArgumentException} for a column
 * that is not there.
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
    String name = input.name();
    Faults faults = new Faults(name);
    Cells cells = new Cells();
    RowSource source = LogFormats.of(input).open(input, cells, faults);
    RunColumns columns = RunColumns.choose(name, map, cells, source, faults);
    RunBuilder builder = new RunBuilder(name, columns, faults);
    requireFilter(where, cells, source, name, false);
    while (source.next(cells)) {
      if (where.test(cells)) {
        builder.add(cells, source.mayBeCut());
      }
    }
    requireFilter(where, cells, source, name, true);
    input.tell(faults);
    columns.requireFound(cells);
    return builder.build(source.settings());
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
    String name = input.name();
    Faults faults = new Faults(name);
    Cells cells = new Cells();
    RowSource source = LogFormats.of(input).open(input, cells, faults);
    requireFilter(where, cells, source, name, false);
    TableBuilder builder = new TableBuilder(name, faults);
    while (source.next(cells)) {
      builder.add(cells, where.test(cells));
    }
    requireFilter(where, cells, source, name, true);
    input.tell(faults);
    return builder.build(cells);
  }

  private static void requireFilter(
      RowFilter where, Cells cells, RowSource source, String name, boolean atEnd) {
    if (!source.namesAreComplete() && !atEnd) {
      return;
    }
    List<String> names = cells.names();
    for (String column : where.columns()) {
      if (cells.find(column) < 0) {
        throw new IllegalArgumentException("where: " + Names.missing(name, column, names));
      }
    }
  }
}
