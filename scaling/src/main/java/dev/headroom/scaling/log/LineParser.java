package dev.headroom.scaling.log;

import java.util.List;
import java.util.Set;

/** Reads the rows of one family of text logs, line by line. */
interface LineParser {
  /** What a line was. */
  enum Found {
    /** No part of a row. */
    NOTHING,
    /** A row that ends before its loss, as a writer that was killed leaves it. */
    TORN,
    /** Part of a row that is not complete yet. */
    PART,
    /** A row, complete. */
    ROW,
    /** The row before this line is complete; the line itself is to be given again. */
    ROW_BEFORE
  }

  /** Looks at a line and writes what it holds into the row. */
  Found parse(TextLines line, Fields row);

  /** Says at the end of the text whether a row is still to be given. */
  default boolean finish(Fields row) {
    return false;
  }

  /** Says whether a log of another family may still take over. */
  default boolean isWeak() {
    return false;
  }

  /** Looks over the first rows before any is handed out. */
  default void settle(List<String[]> rows, Cells cells) {}

  /** Returns the name that the validation loss will have, where the log has shown none yet. */
  default String validation(Set<String> names) {
    return null;
  }

  /** Tells what was odd, at the end of the text. */
  default void tell(Faults faults) {}
}
