package dev.headroom.scaling.log;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gathers the rows of a run, then sorts them, merges equal steps and notes what was odd. */
final class RunBuilder {
  private final String file;
  private final RunColumns columns;
  private final List<String> others;
  private final Faults faults;
  private long[] step = new long[1024];
  private long[] line = new long[1024];
  private double[] loss = new double[1024];
  private final double[][] cells;
  private int rows;
  private int duplicates;
  private long firstDuplicate;
  private int goingBack;
  private String firstBack = "";

  RunBuilder(String file, RunColumns columns, Faults faults) {
    this.file = file;
    this.columns = columns;
    this.faults = faults;
    others = columns.others();
    cells = new double[others.size()][1024];
  }

  void add(Cells row, boolean mayBeCut) {
    int stepColumn = row.find(columns.column("step"));
    int lossColumn = row.find(columns.column("loss"));
    double at = row.number(stepColumn);
    boolean whole = at >= 0 && at < 0x1p53 && at == Math.rint(at);
    if (!whole || row.isWord(lossColumn)) {
      if (mayBeCut) {
        faults.cut(row.line);
      } else if (whole) {
        faults.malformed("the loss is no number", row.line, "loss: " + row.text(lossColumn));
      } else {
        String cell = row.text(stepColumn);
        faults.malformed(
            cell == null || cell.isBlank() ? "no step" : "the step is no whole number",
            row.line,
            "step: " + (cell == null || cell.isBlank() ? "empty" : cell));
      }
      return;
    }
    grow();
    step[rows] = (long) at;
    line[rows] = row.line;
    loss[rows] = row.number(lossColumn);
    for (int c = 0; c < cells.length; c++) {
      cells[c][rows] = row.number(row.find(columns.column(others.get(c))));
    }
    append();
  }

  private void grow() {
    if (rows == step.length) {
      step = Arrays.copyOf(step, 2 * rows);
      line = Arrays.copyOf(line, 2 * rows);
      loss = Arrays.copyOf(loss, 2 * rows);
      for (int c = 0; c < cells.length; c++) {
        cells[c] = Arrays.copyOf(cells[c], 2 * rows);
      }
    }
  }

  private void append() {
    if (rows > 0 && step[rows] == step[rows - 1]) {
      merge(rows - 1, rows);
      return;
    }
    if (rows > 0 && step[rows] < step[rows - 1] && goingBack++ == 0) {
      firstBack = "from " + step[rows - 1] + " to " + step[rows] + " at " + file + ":" + line[rows];
    }
    rows++;
  }

  /** Lays row b over row a of the same step: what b holds wins, what it lacks stays. */
  private void merge(int a, int b) {
    if (!Run.isAbsent(loss[b])) {
      if (!Run.isAbsent(loss[a]) && duplicates++ == 0) {
        firstDuplicate = step[b];
      }
      loss[a] = loss[b];
    }
    for (double[] column : cells) {
      if (!Run.isAbsent(column[b])) {
        column[a] = column[b];
      }
    }
  }

  Run build(Map<String, String> settings) {
    if (rows == 0) {
      throw faults.nothing();
    }
    if (goingBack > 0) {
      sort();
    }
    dropRowsWithoutLoss();
    if (rows == 0) {
      throw new LogException(
          file,
          0,
          LogException.Kind.EMPTY,
          "no row has a loss in column '" + columns.column("loss") + "' (expected: at least one)");
    }
    tell();
    Map<String, double[]> out = new LinkedHashMap<>();
    for (int c = 0; c < cells.length; c++) {
      double[] column = Arrays.copyOf(cells[c], rows);
      if (!allAbsent(column)) {
        out.put(others.get(c), column);
      }
    }
    return new Run(
        file, Arrays.copyOf(step, rows), Arrays.copyOf(loss, rows), out, settings, faults.notes());
  }

  private static boolean allAbsent(double[] column) {
    for (double cell : column) {
      if (!Run.isAbsent(cell)) {
        return false;
      }
    }
    return true;
  }

  private void sort() {
    Integer[] order = new Integer[rows];
    for (int i = 0; i < rows; i++) {
      order[i] = i;
    }
    // Stable, so that of equal steps the later line stays later and wins the merge.
    Arrays.sort(order, (a, b) -> Long.compare(step[a], step[b]));
    step = pick(step, order);
    line = pick(line, order);
    loss = pick(loss, order);
    for (int c = 0; c < cells.length; c++) {
      cells[c] = pick(cells[c], order);
    }
    int n = rows;
    rows = 1;
    for (int i = 1; i < n; i++) {
      if (step[i] == step[rows - 1]) {
        merge(rows - 1, i);
      } else {
        move(i, rows++);
      }
    }
  }

  private static long[] pick(long[] from, Integer[] order) {
    long[] out = new long[order.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = from[order[i]];
    }
    return out;
  }

  private static double[] pick(double[] from, Integer[] order) {
    double[] out = new double[order.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = from[order[i]];
    }
    return out;
  }

  private void move(int from, int to) {
    step[to] = step[from];
    line[to] = line[from];
    loss[to] = loss[from];
    for (double[] column : cells) {
      column[to] = column[from];
    }
  }

  private void dropRowsWithoutLoss() {
    int kept = 0;
    for (int i = 0; i < rows; i++) {
      if (!Run.isAbsent(loss[i])) {
        move(i, kept++);
      }
    }
    if (kept < rows) {
      faults.note((rows - kept) + " of " + rows + " steps have no loss and were left out");
    }
    rows = kept;
  }

  private void tell() {
    if (goingBack > 0) {
      faults.note(
          "steps go back "
              + (goingBack == 1 ? "once" : goingBack + " times")
              + " (a restart?), first "
              + firstBack
              + "; rows are in order of their step");
    }
    if (duplicates > 0) {
      faults.note(
          (duplicates == 1 ? "1 duplicate step" : duplicates + " duplicate steps")
              + ", first "
              + firstDuplicate
              + ": the last one counts");
    }
    int odd = 0;
    long first = 0;
    for (int i = 0; i < rows; i++) {
      if (!(Math.abs(loss[i]) <= Double.MAX_VALUE) && odd++ == 0) {
        first = step[i];
      }
    }
    if (odd > 0) {
      faults.note(
          "the loss is NaN or infinite on " + odd + " of " + rows + " steps, first " + first);
    }
    gaps();
  }

  /** Notes missing steps where the log has a regular interval (three quarters of its steps). */
  private void gaps() {
    if (rows < 4) {
      return;
    }
    long[] intervals = new long[rows - 1];
    for (int i = 1; i < rows; i++) {
      intervals[i - 1] = step[i] - step[i - 1];
    }
    long[] sorted = intervals.clone();
    Arrays.sort(sorted);
    long usual = sorted[sorted.length / 2];
    int regular = 0;
    int wide = 0;
    int firstWide = 0;
    for (int i = 0; i < intervals.length; i++) {
      regular += intervals[i] == usual ? 1 : 0;
      if (intervals[i] >= 2 * usual && wide++ == 0) {
        firstWide = i;
      }
    }
    if (wide > 0 && regular >= 0.75 * intervals.length) {
      faults.note(
          "steps are missing in "
              + (wide == 1 ? "1 place" : wide + " places")
              + ", first between "
              + step[firstWide]
              + " and "
              + step[firstWide + 1]
              + " (usual interval "
              + usual
              + ")");
    }
  }
}
