package dev.headroom.scaling.log;

import java.util.Map;

/** The rows of one log that a filter keeps, from the first to the last, with what was odd. */
final class LogRows implements AutoCloseable {
  private final LogInput input;
  private final RowFilter where;
  private final LogFormat format;
  private final RowSource source;
  private final Faults faults;
  private final Cells cells = new Cells();
  private final OneRun run;
  private boolean begun;

  LogRows(LogInput input, RowFilter where) {
    this.input = input;
    this.where = where;
    faults = new Faults(input.name());
    format = LogFormats.of(input);
    source = format.open(input, cells, faults);
    run = new OneRun(input.name(), source);
  }

  String name() {
    return input.name();
  }

  String format() {
    return format.name();
  }

  Cells cells() {
    return cells;
  }

  Faults faults() {
    return faults;
  }

  RowSource source() {
    return source;
  }

  Map<String, String> settings() {
    return source.settings();
  }

  /** Chooses the columns of a run; throws {@link IllegalArgumentException} where one is missing. */
  RunColumns columns(ColumnMap map) {
    return RunColumns.choose(input.name(), map, cells, source, faults);
  }

  /** Goes to the next row; at the end all that was odd is noted. */
  boolean next() {
    return next(true);
  }

  /** Goes to the next row, also to one that the filter drops where it is not wanted. */
  boolean next(boolean filtered) {
    if (!begun) {
      begun = true;
      requireFilter(false);
    }
    while (source.next(cells)) {
      if (!filtered || where.test(cells)) {
        run.see(cells);
        return true;
      }
    }
    requireFilter(true);
    input.tell(faults);
    if (cells.surplus() > 0) {
      faults.note(
          "more than "
              + Cells.MOST_COLUMNS
              + " columns: "
              + cells.surplus()
              + " cells of further ones were left out");
    }
    return false;
  }

  /** Refuses rows of several runs; throws {@link IllegalArgumentException} that names them. */
  void requireOneRun() {
    run.require();
  }

  boolean isKept() {
    return where.test(cells);
  }

  private void requireFilter(boolean atEnd) {
    if (!source.namesAreComplete() && !atEnd) {
      return;
    }
    for (String column : where.columns()) {
      if (cells.find(column) < 0) {
        throw new IllegalArgumentException(
            "where: " + Names.missing(input.name(), column, cells.names()));
      }
    }
  }

  @Override
  public void close() {
    source.close();
    input.close();
  }
}
