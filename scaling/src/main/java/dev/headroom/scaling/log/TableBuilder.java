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
    while (columns.size() < cells.names().size()) {
      columns.add(null);
    }
    for (int i = 0; i < cells.filled(); i++) {
      int c = cells.filled(i);
      double value = cells.number(c);
      if (!Run.isAbsent(value)) {
        columns.set(c, put(columns.get(c), value));
      }
    }
    rows++;
  }

  private double[] put(double[] column, double value) {
    int filled = column == null ? 0 : column.length;
    double[] out = column;
    if (rows >= filled) {
      out = column == null ? new double[Math.max(1024, rows + 1)] : Arrays.copyOf(column, 2 * rows);
      Arrays.fill(out, filled, out.length, Run.ABSENT);
    }
    out[rows] = value;
    return out;
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
        double[] column = Arrays.copyOf(columns.get(c), rows);
        Arrays.fill(column, Math.min(rows, columns.get(c).length), rows, Run.ABSENT);
        kept.add(column);
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
