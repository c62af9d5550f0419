package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.List;

/**
 * Holds the numeric columns of a table, rows as they stood in the file.
 *
 * <p>A cell that is empty or no number is {@link Run#ABSENT}; NaN and infinity are values.
 *
 * @param name name of the file, for messages
 * @param columns names of the columns that hold at least one number, in file order
 * @param values the cells, {@code values[column][row]}
 * @param notes what was odd in the file, one sentence each
 */
public record Table(String name, List<String> columns, double[][] values, List<String> notes) {

  /** Checks the shape and copies. */
  public Table {
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(
          "values: " + values.length + " columns (expected: " + columns.size() + ")");
    }
    double[][] copy = new double[values.length][];
    for (int c = 0; c < values.length; c++) {
      if (values[c].length != values[0].length) {
        throw new IllegalArgumentException(
            columns.get(c)
                + ": "
                + values[c].length
                + " rows (expected: "
                + values[0].length
                + ")");
      }
      copy[c] = values[c].clone();
    }
    values = copy;
    columns = List.copyOf(columns);
    notes = List.copyOf(notes);
  }

  /** Returns the number of rows. */
  public int rows() {
    return values.length == 0 ? 0 : values[0].length;
  }

  /**
   * Returns the cells of one column.
   *
   * @throws IllegalArgumentException if there is no such column; the message lists those there are
   */
  public double[] column(String column) {
    int c = columns.indexOf(column);
    if (c < 0) {
      throw new IllegalArgumentException(Names.missing(name, column, new ArrayList<>(columns)));
    }
    return values[c].clone();
  }
}
