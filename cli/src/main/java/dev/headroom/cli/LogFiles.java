package dev.headroom.cli;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.LogSummary;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
import java.io.InputStream;
import java.io.Writer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads the files named on a command line; {@code -} is standard input.
 *
 * <p>Standard input is streamed, whatever its size, so that it is read once.
 */
final class LogFiles {

  private final ColumnMap map;
  private final RowFilter where;
  private boolean standardInputRead;

  LogFiles(ColumnMap map, RowFilter where) {
    this.map = map;
    this.where = where;
  }

  /** Returns the column map that was given. */
  ColumnMap map() {
    return map;
  }

  /** Returns the filter that was given. */
  RowFilter where() {
    return where;
  }

  /** Reads one run. */
  Run run(String file) {
    return run(file, map);
  }

  /** Reads one run with another column map. */
  Run run(String file, ColumnMap columns) {
    return file.equals("-")
        ? LogReader.readRun(standardInput(), "standard input", columns, where)
        : LogReader.readRun(path(file), columns, where);
  }

  /** Reads the numeric columns of a file. */
  Table table(String file) {
    return file.equals("-")
        ? LogReader.readTable(standardInput(), "standard input", where)
        : LogReader.readTable(path(file), where);
  }

  /** Says what is in a file, in one pass. */
  LogSummary summary(String file) {
    return file.equals("-")
        ? LogReader.summary(standardInput(), "standard input", map, where)
        : LogReader.summary(path(file), map, where);
  }

  /** Writes a file as canonical JSONL or CSV; returns what was odd. */
  List<String> convert(String file, Writer out, boolean csv) {
    return file.equals("-")
        ? LogReader.convert(standardInput(), map, where, out, csv)
        : LogReader.convert(path(file), map, where, out, csv);
  }

  static Path path(String file) {
    try {
      return Path.of(file);
    } catch (InvalidPathException e) {
      throw new LogException(
          file, 0, LogException.Kind.UNREADABLE, "no file name: " + e.getReason());
    }
  }

  private InputStream standardInput() {
    if (standardInputRead) {
      throw new CommandException(
          ExitCode.USAGE,
          "standard input: asked for twice (expected: '-' once, since a pipe is read once; write"
              + " it to a file)");
    }
    standardInputRead = true;
    return System.in;
  }
}
