package dev.headroom.scaling.log;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers the rows of a run and cleans them: restarts stitched, equal steps merged, at most 2^20
 * rows, and all that was odd noted.
 *
 * <p>A row without a loss completes the row of its step. Where its step has none, its validation
 * loss goes to the row before, since a run has a loss on every row.
 */
final class RunBuilder {
  private final String file;
  private final RunColumns columns;
  private final List<String> others;
  private final Faults faults;
  private final RunRows rows;
  private final Stitcher stitcher;
  private final int[] at;
  private int stepAt = -1;
  private int lossAt = -1;
  private int runAt = -1;
  private int[] parts = new int[16];
  private int partCount;
  private long duplicates;
  private long firstDuplicate;
  private String firstBack = "";
  private String run;
  private int runs = 1;

  RunBuilder(String file, RunColumns columns, Faults faults) {
    this.file = file;
    this.columns = columns;
    this.faults = faults;
    others = columns.others();
    at = new int[others.size()];
    Arrays.fill(at, -1);
    boolean[] last = new boolean[others.size()];
    for (int c = 0; c < last.length; c++) {
      last[c] = others.get(c).equals("tokens") || others.get(c).equals("time");
    }
    rows = new RunRows(last);
    stitcher = new Stitcher(rows);
  }

  void add(Cells row, boolean mayBeCut) {
    findColumns(row);
    double step = row.number(stepAt);
    boolean whole = step >= 0 && step < 0x1p53 && step == Math.rint(step);
    if (!whole || row.isWord(lossAt)) {
      bad(row, whole, mayBeCut);
      return;
    }
    if (rows.isFull()) {
      makeRoom();
    }
    rows.grow();
    int i = rows.size;
    rows.step[i] = (long) step;
    rows.loss[i] = row.number(lossAt);
    for (int c = 0; c < at.length; c++) {
      rows.cells[c][i] = row.number(at[c]);
    }
    append(row);
  }

  private void findColumns(Cells row) {
    stepAt = stepAt < 0 ? row.find(columns.column("step")) : stepAt;
    lossAt = lossAt < 0 ? row.find(columns.column("loss")) : lossAt;
    if (runAt < 0 && columns.runColumn() != null) {
      runAt = row.find(columns.runColumn());
      run = row.text(runAt);
    }
    for (int c = 0; c < at.length; c++) {
      at[c] = at[c] < 0 ? row.find(columns.column(others.get(c))) : at[c];
    }
  }

  private void bad(Cells row, boolean whole, boolean mayBeCut) {
    if (mayBeCut) {
      faults.cut(row.line);
    } else if (whole) {
      faults.malformed("the loss is no number", row.line, "loss: " + row.text(lossAt));
    } else {
      String cell = row.text(stepAt);
      faults.malformed(
          cell == null || cell.isBlank() ? "no step" : "the step is no whole number",
          row.line,
          "step: " + (cell == null || cell.isBlank() ? "empty" : cell));
    }
  }

  private void append(Cells row) {
    int i = rows.size;
    if (i == 0 || rows.step[i] > rows.step[i - 1]) {
      rows.append(i > 0 && (partCount == 0 || parts[partCount - 1] < i));
      return;
    }
    if (rows.step[i] == rows.step[i - 1]) {
      if (!Run.isAbsent(rows.loss[i]) && !Run.isAbsent(rows.loss[i - 1]) && duplicates++ == 0) {
        firstDuplicate = rows.step[i];
      }
      rows.lay(i - 1, i);
      return;
    }
    if (Run.isAbsent(rows.loss[i])) {
      complete(i);
      return;
    }
    begin(row, i);
  }

  /** Lays a row without a loss, whose step was passed, over that of its step. */
  private void complete(int i) {
    int from = partCount == 0 ? 0 : parts[partCount - 1];
    int found = Arrays.binarySearch(rows.step, from, i, rows.step[i]);
    if (found >= 0) {
      rows.lay(found, i);
    } else if (found < -1 - from) {
      // No row of that step: the row before it has the place of the evaluation.
      rows.lay(-found - 2, i);
    }
  }

  private void begin(Cells row, int i) {
    if (firstBack.isEmpty()) {
      firstBack =
          "from " + rows.step[i - 1] + " to " + rows.step[i] + " at " + file + ":" + row.line;
    }
    String name = row.text(runAt);
    if (name != null && !name.equals(run)) {
      runs++;
      run = name;
    }
    if (partCount == parts.length) {
      parts = Arrays.copyOf(parts, 2 * partCount);
    }
    parts[partCount++] = i;
    rows.append(false);
  }

  private void stitch() {
    stitcher.stitch(parts, partCount);
    partCount = 0;
  }

  private void makeRoom() {
    stitch();
    if (rows.size > RunRows.MOST / 4 * 3) {
      rows.halve();
    }
  }

  Run build(Map<String, String> settings) {
    if (rows.size == 0) {
      throw faults.nothing();
    }
    stitch();
    dropRowsWithoutLoss();
    if (rows.size == 0) {
      throw new LogException(
          file,
          0,
          LogException.Kind.EMPTY,
          "no row has a loss in column '" + columns.column("loss") + "' (expected: at least one)");
    }
    int lines = rows.linesEach();
    int peaks = rows.splitPeaks();
    tell(lines, peaks);
    RunNotes.tell(rows, others, faults);
    Map<String, double[]> out = new LinkedHashMap<>();
    for (int c = 0; c < rows.cells.length; c++) {
      double[] column = Arrays.copyOf(rows.cells[c], rows.size);
      rows.cells[c] = null;
      if (!allAbsent(column)) {
        out.put(others.get(c), column);
      }
    }
    long[] step = Arrays.copyOf(rows.step, rows.size);
    rows.step = null;
    double[] loss = Arrays.copyOf(rows.loss, rows.size);
    rows.loss = null;
    return new Run(file, step, loss, out, settings, faults.notes());
  }

  private static boolean allAbsent(double[] column) {
    for (double cell : column) {
      if (!Run.isAbsent(cell)) {
        return false;
      }
    }
    return true;
  }

  private void dropRowsWithoutLoss() {
    int validation = others.indexOf("val_loss");
    int kept = 0;
    int moved = 0;
    double waiting = Run.ABSENT;
    for (int i = 0; i < rows.size; i++) {
      double[] column = validation < 0 ? null : rows.cells[validation];
      if (!Run.isAbsent(rows.loss[i])) {
        rows.move(i, kept++);
        if (!Run.isAbsent(waiting) && Run.isAbsent(column[kept - 1])) {
          column[kept - 1] = waiting;
          moved++;
        }
        waiting = Run.ABSENT;
      } else if (column != null && !Run.isAbsent(column[i])) {
        if (kept > 0 && Run.isAbsent(column[kept - 1])) {
          column[kept - 1] = column[i];
          moved++;
        } else if (kept == 0) {
          waiting = column[i];
        }
      }
    }
    if (kept < rows.size) {
      faults.note(
          (rows.size - kept)
              + " of "
              + rows.size
              + " steps have no loss and were left out"
              + (moved == 0
                  ? ""
                  : "; the validation loss of "
                      + moved
                      + " of them stands at the nearest step that has one"));
    }
    rows.size = kept;
  }

  private void tell(int lines, int peaks) {
    if (runs > 1) {
      faults.note(
          "column '"
              + columns.runColumn()
              + "' tells "
              + runs
              + " runs apart, of which each replaces the one before; choose one with --where '"
              + columns.runColumn()
              + " == ...'");
    } else if (stitcher.restarts() > 0) {
      faults.note(
          "restarted "
              + times(stitcher.restarts())
              + ", first "
              + firstBack
              + ": rows after a restart replace the "
              + stitcher.replaced()
              + " older ones from its step on");
    }
    if (stitcher.strays() > 0) {
      faults.note(
          "steps go back "
              + times(stitcher.strays())
              + " without a restart, first "
              + firstBack
              + "; rows are in order of their step");
    }
    long twice = duplicates + stitcher.duplicates();
    if (twice > 0) {
      faults.note(
          (twice == 1 ? "1 duplicate step" : twice + " duplicate steps")
              + ", first "
              + (duplicates > 0 ? firstDuplicate : stitcher.firstDuplicate())
              + ": the last one counts");
    }
    if (lines > 1) {
      faults.note(
          "more than "
              + RunRows.MOST
              + " rows: up to "
              + lines
              + " neighbours were merged to one with their mean loss; NaN and infinity are kept, "
              + (peaks == 1 ? "1 loss that stands" : peaks + " losses that stand")
              + " out too");
    }
  }

  private static String times(int n) {
    return n == 1 ? "once" : n + " times";
  }
}
