package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

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
    return with(file, in -> readRun(in, file.toString(), map, where));
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
    Faults faults = new Faults(name);
    Cells cells = new Cells();
    TextInput text = new TextInput(in, name);
    RowSource source = open(text, name, faults, cells);
    RunColumns columns = RunColumns.choose(name, map, cells, source, faults);
    RunBuilder builder = new RunBuilder(name, columns, faults);
    requireFilter(where, cells, source, name, false);
    while (source.next(cells)) {
      if (where.test(cells)) {
        builder.add(cells, source.mayBeCut());
      }
    }
    requireFilter(where, cells, source, name, true);
    if (text.cutShort()) {
      faults.note("the gzip data ends early and was read as far as it goes");
    }
    columns.requireFound(cells);
    return builder.build(source.settings());
  }

  /** Reads every numeric column of a file. */
  public static Table readTable(Path file) {
    return readTable(file, RowFilter.all());
  }

  /** Reads every numeric column of the rows of a file that a filter keeps. */
  public static Table readTable(Path file, RowFilter where) {
    return with(file, in -> readTable(in, file.toString(), where));
  }

  /**
   * Reads every numeric column of a stream.
   *
   * @param in the bytes, plain or gzip; not closed
   * @param name name for messages
   * @param where which rows count
   */
  public static Table readTable(InputStream in, String name, RowFilter where) {
    Faults faults = new Faults(name);
    Cells cells = new Cells();
    TextInput text = new TextInput(in, name);
    RowSource source = open(text, name, faults, cells);
    requireFilter(where, cells, source, name, false);
    TableBuilder builder = new TableBuilder(name, faults);
    while (source.next(cells)) {
      builder.add(cells, where.test(cells));
    }
    requireFilter(where, cells, source, name, true);
    if (text.cutShort()) {
      faults.note("the gzip data ends early and was read as far as it goes");
    }
    return builder.build(cells);
  }

  private static <T> T with(Path file, Function<InputStream, T> read) {
    if (Files.isDirectory(file)) {
      throw new LogException(
          file.toString(), 0, LogException.Kind.UNREADABLE, "a directory (expected: a file)");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read.apply(in);
    } catch (NoSuchFileException e) {
      throw new LogException(
          file.toString(), 0, LogException.Kind.UNREADABLE, "no such file (expected: a log)");
    } catch (IOException e) {
      throw new LogException(
          file.toString(), 0, LogException.Kind.UNREADABLE, "cannot be read: " + e.getMessage());
    }
  }

  private static RowSource open(TextInput text, String name, Faults faults, Cells cells) {
    String start = text.start();
    String body = start.stripLeading();
    if (body.isEmpty()) {
      throw new LogException(
          name, 0, LogException.Kind.EMPTY, "empty (expected: at least one row of numbers)");
    }
    if (body.charAt(0) == '{') {
      return new JsonlSource(text, faults, cells);
    }
    char separator = separator(body);
    if (body.charAt(0) == '[' || separator == 0) {
      throw new LogException(
          name,
          1,
          LogException.Kind.MALFORMED,
          "neither JSON objects, one a line, nor CSV or TSV with a header: '"
              + firstLine(body)
              + "' (expected: one of these)");
    }
    return new CsvSource(text, faults, cells, separator);
  }

  private static String firstLine(String body) {
    String line = body.lines().findFirst().orElse("");
    return line.length() > 80 ? line.substring(0, 80) + "..." : line;
  }

  /** Finds the separator that the first line, comments apart, holds most often outside quotes. */
  private static char separator(String body) {
    int from = 0;
    while (from < body.length() && body.charAt(from) == '#' && body.indexOf('\n', from) > 0) {
      from = body.indexOf('\n', from) + 1;
    }
    int[] seen = new int[3];
    boolean quoted = false;
    for (int i = from; i < body.length() && (quoted || body.charAt(i) != '\n'); i++) {
      char c = body.charAt(i);
      quoted ^= c == '"';
      int which = quoted ? -1 : ",\t;".indexOf(c);
      if (which >= 0) {
        seen[which]++;
      }
    }
    int best = seen[1] > seen[0] ? 1 : 0;
    best = seen[2] > seen[best] ? 2 : best;
    return seen[best] == 0 ? 0 : ",\t;".charAt(best);
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
