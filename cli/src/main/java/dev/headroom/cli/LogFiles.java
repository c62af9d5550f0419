package dev.headroom.cli;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Reads the files named on a command line; {@code -} is standard input, which can be read again.
 */
final class LogFiles {

  private final ColumnMap map;
  private final RowFilter where;
  private byte[] standardInput;

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

  static Path path(String file) {
    try {
      return Path.of(file);
    } catch (InvalidPathException e) {
      throw new LogException(
          file, 0, LogException.Kind.UNREADABLE, "no file name: " + e.getReason());
    }
  }

  private ByteArrayInputStream standardInput() {
    try {
      if (standardInput == null) {
        standardInput = System.in.readAllBytes();
      }
      return new ByteArrayInputStream(standardInput);
    } catch (IOException e) {
      throw new LogException(
          "standard input", 0, LogException.Kind.UNREADABLE, OutputFile.reason(e));
    }
  }
}
