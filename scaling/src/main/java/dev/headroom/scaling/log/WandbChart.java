package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Holds the series of an exported chart, which W&amp;B samples down to some thousand points. */
final class WandbChart {
  private static final int MOST_VALUES = 1 << 23;

  /** One column of a run. */
  static final class Series {
    final String column;
    final String run;
    final String metric;
    int[] row = new int[16];
    double[] value = new double[16];
    int size;

    Series(String column) {
      this.column = column;
      int dash = column.lastIndexOf(" - ");
      run = dash < 0 ? "" : column.substring(0, dash);
      metric = dash < 0 ? column : column.substring(dash + 3);
    }

    /** Makes the series of the values that are there. */
    static Series of(String metric, double[] values) {
      Series out = new Series(metric);
      for (int i = 0; i < values.length; i++) {
        if (!Run.isAbsent(values[i])) {
          out.add(i, values[i]);
        }
      }
      return out;
    }

    private void add(int at, double number) {
      if (size == row.length) {
        row = Arrays.copyOf(row, 2 * size);
        value = Arrays.copyOf(value, 2 * size);
      }
      row[size] = at;
      value[size++] = number;
    }

    /** Returns the name of the run without the number at its end. */
    String stem() {
      return run.replaceFirst("[0-9]+$", "");
    }

    /** Returns the number at the end of the run's name, or -1. */
    long number() {
      String digits = run.substring(stem().length());
      return digits.isEmpty() || digits.length() > 17 ? -1 : Long.parseLong(digits);
    }
  }

  final String axis;
  final List<Series> series;
  double[] x = new double[64];
  long[] line = new long[64];
  int rows;

  private WandbChart(String axis, List<Series> series) {
    this.axis = axis;
    this.series = series;
  }

  static WandbChart read(RowSource rows, Cells raw, String name) {
    List<String> names = new ArrayList<>(raw.names());
    List<Series> series = new ArrayList<>();
    int[] at = new int[names.size()];
    for (int c = 1; c < names.size(); c++) {
      if (!names.get(c).endsWith("__MIN") && !names.get(c).endsWith("__MAX")) {
        at[series.size()] = c;
        series.add(new Series(names.get(c)));
      }
    }
    WandbChart chart = new WandbChart(names.isEmpty() ? "Step" : names.get(0), series);
    int values = 0;
    while (rows.next(raw)) {
      chart.row(raw);
      for (int s = 0; s < series.size(); s++) {
        double value = raw.number(at[s]);
        if (!Run.isAbsent(value)) {
          series.get(s).add(chart.rows - 1, value);
          values++;
        }
      }
      if (values > MOST_VALUES || chart.rows > MOST_VALUES) {
        throw new LogException(
            name,
            raw.line,
            LogException.Kind.UNREADABLE,
            "more than " + MOST_VALUES + " values (expected: a chart's export; W&B samples it)");
      }
    }
    return chart;
  }

  private void row(Cells raw) {
    if (rows == x.length) {
      x = Arrays.copyOf(x, 2 * rows);
      line = Arrays.copyOf(line, 2 * rows);
    }
    line[rows] = raw.line;
    x[rows++] = raw.number(0);
  }
}
