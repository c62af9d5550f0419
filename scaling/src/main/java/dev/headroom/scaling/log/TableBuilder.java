package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Gathers every column that holds a number. */
final class TableBuilder {
  private final String file;
  private final Faults faults;
  private final List<double[]> columns = new ArrayList<>();
  private int rows;
  private long seen;

  TableBuilder(String file, Faults faults) {
    this.file = file;
    this.faults = faults;
  }

  void add(Cells cells, boolean kept) {
    seen++;
    if (!kept) {
      return;
    }
    int n = cells.names().size();
    while (columns.size() < n) {
      columns.add(null);
    }
    for (int c = 0; c < n; c++) {
      double value = cells.number(c);
      double[] column = columns.get(c);
      if (column == null) {
        if (Run.isAbsent(value)) {
          continue;
        }
        column = new double[Math.max(1024, rows + 1)];
        Arrays.fill(column, 0, rows, Run.ABSENT);
      } else if (rows == column.length) {
        column = Arrays.copyOf(column, 2 * rows);
      }
      column[rows] = value;
      columns.set(c, column);
    }
    rows++;
  }

  Table build(Cells cells) {
    if (seen == 0) {
      throw faults.nothing();
    }
    if (rows == 0) {
      throw new LogException(
          file,
          0,
          LogException.Kind.EMPTY,
          "none of " + seen + " rows passes the filter (expected: at least one)");
    }
    List<String> names = new ArrayList<>();
    List<double[]> kept = new ArrayList<>();
    for (int c = 0; c < columns.size(); c++) {
      if (columns.get(c) != null) {
        names.add(cells.names().get(c));
        kept.add(Arrays.copyOf(columns.get(c), rows));
      }
    }
    if (names.isEmpty()) {
      throw new LogException(
          file,
          0,
          LogException.Kind.MALFORMED,
          "no column holds a number (expected: at least one)");
    }
    return new Table(file, names, kept.toArray(new double[0][]), faults.notes());
  }
}
