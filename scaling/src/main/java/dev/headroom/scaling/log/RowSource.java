package dev.headroom.scaling.log;

import java.util.List;
import java.util.Map;

/** Gives the rows of a file one after another. */
interface RowSource extends AutoCloseable {
  /** Loads the next good row, or returns false at the end; bad lines are counted and skipped. */
  boolean next(Cells cells);

  /** Says whether the row just loaded is the last of a text that has no final line end. */
  boolean mayBeCut();

  /** Says whether every column's name is known before the first row. */
  boolean namesAreComplete();

  /** Returns the columns that the format knows to hold a quantity, by canonical name. */
  default Map<String, String> columns() {
    return Map.of();
  }

  /** Returns the names in the column {@code run}, where a log holds several runs. */
  default List<String> runs() {
    return List.of();
  }

  /** Closes what the source itself opened. */
  @Override
  default void close() {}

  /** Returns the settings of a canonical header line, as far as it was met. */
  Map<String, String> settings();
}
