package dev.headroom.cli;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.RowFilter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of every command that reads logs. */
final class LogOptions {

  @Option(
      names = "--map",
      paramLabel = "NAME=COLUMN,...",
      description =
          "Which column holds what: step=Step,loss=\"train loss\". Without it the usual names are"
              + " looked for.")
  List<String> map = new ArrayList<>();

  @Option(
      names = "--where",
      paramLabel = "EXPR",
      description =
          "Only rows for which EXPR holds: \"C < 1e21 and loss < 4\". Column names with blanks"
              + " stand in double quotes or backticks.")
  List<String> where = new ArrayList<>();

  /** Returns the reader that these options describe. */
  LogFiles files() {
    ColumnMap columns = ColumnMap.parse(String.join(",", map));
    RowFilter filter =
        where.isEmpty()
            ? RowFilter.all()
            : RowFilter.parse("(" + String.join(") and (", where) + ")");
    return new LogFiles(columns, filter);
  }
}
