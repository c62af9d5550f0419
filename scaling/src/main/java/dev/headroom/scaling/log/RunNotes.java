package dev.headroom.scaling.log;

import java.util.Arrays;
import java.util.List;

/** Looks at the rows of a run for what a reader of its curve should know, and notes it. */
final class RunNotes {
  private static final int ENOUGH_FOR_SMOOTHING = 200;

  private RunNotes() {}

  static void tell(RunRows rows, List<String> others, Faults faults) {
    nonFinite(rows, faults);
    gaps(rows, faults);
    smoothing(rows, faults);
    int validation = others.indexOf("val_loss");
    if (validation >= 0) {
      repeats(rows, rows.cells[validation], faults);
    }
  }

  private static void nonFinite(RunRows rows, Faults faults) {
    int odd = 0;
    long first = 0;
    for (int i = 0; i < rows.size; i++) {
      if (!(Math.abs(rows.loss[i]) <= Double.MAX_VALUE) && odd++ == 0) {
        first = rows.step[i];
      }
    }
    if (odd > 0) {
      faults.note(
          "the loss is NaN or infinite on " + odd + " of " + rows.size + " steps, first " + first);
    }
  }

  /** Notes missing steps where the log has a regular interval (three quarters of its steps). */
  private static void gaps(RunRows rows, Faults faults) {
    if (rows.size < 4 || rows.linesEach() > 1) {
      return;
    }
    long[] intervals = new long[rows.size - 1];
    for (int i = 1; i < rows.size; i++) {
      intervals[i - 1] = rows.step[i] - rows.step[i - 1];
    }
    Arrays.sort(intervals);
    long usual = intervals[intervals.length / 2];
    int regular = 0;
    int wide = 0;
    for (long interval : intervals) {
      regular += interval == usual ? 1 : 0;
      wide += interval >= 2 * usual ? 1 : 0;
    }
    if (wide > 0 && regular >= 0.75 * intervals.length) {
      int first = 1;
      while (rows.step[first] - rows.step[first - 1] < 2 * usual) {
        first++;
      }
      faults.note(
          "steps are missing in "
              + (wide == 1 ? "1 place" : wide + " places")
              + ", first between "
              + rows.step[first - 1]
              + " and "
              + rows.step[first]
              + " (usual interval "
              + usual
              + ")");
    }
  }

  /**
   * Notes a loss that its logger averaged over lines.
   *
   * <p>Of independent noise the differences of neighbours correlate by -1/2; of an exponential mean
   * with memory f by (f - 1) / 2. Noted from f = 0.5 on, where the differences change their sign as
   * noise does: on a curve without noise neighbours correlate for a better reason.
   */
  private static void smoothing(RunRows rows, Faults faults) {
    int from = rows.size / 2;
    int n = rows.size - from - 1;
    if (n < ENOUGH_FOR_SMOOTHING || rows.linesEach() > 1) {
      return;
    }
    double mean = (rows.loss[rows.size - 1] - rows.loss[from]) / n;
    double square = 0;
    double product = 0;
    double before = 0;
    int up = 0;
    for (int i = from; i < rows.size - 1; i++) {
      double d = rows.loss[i + 1] - rows.loss[i] - mean;
      square += d * d;
      product += d * before;
      up += d + mean > 0 ? 1 : 0;
      before = d;
    }
    double memory = 1 + 2 * product / square;
    if (memory > 0.5 && memory < 1 && up > 0.3 * n && up < 0.7 * n) {
      faults.note(
          "the loss looks smoothed by its logger, as by a mean with memory "
              + Math.round(100 * memory) / 100.0
              + ": its noise is smaller and its spikes are flatter than those of single steps");
    }
  }

  /** Blanks the repeats of an evaluation's value that is written on every line until the next. */
  private static void repeats(RunRows rows, double[] column, Faults faults) {
    int pairs = 0;
    int same = 0;
    double before = Run.ABSENT;
    for (int i = 0; i < rows.size; i++) {
      if (!Run.isAbsent(column[i])) {
        pairs += Run.isAbsent(before) ? 0 : 1;
        same += !Run.isAbsent(before) && column[i] == before ? 1 : 0;
        before = column[i];
      }
    }
    if (pairs < 4 || 2 * same < pairs) {
      return;
    }
    before = Run.ABSENT;
    for (int i = 0; i < rows.size; i++) {
      if (!Run.isAbsent(column[i])) {
        if (!Run.isAbsent(before) && column[i] == before) {
          column[i] = Run.ABSENT;
        } else {
          before = column[i];
        }
      }
    }
    faults.note(
        "the validation loss is repeated on lines between evaluations: "
            + same
            + " repeats were left out");
  }
}
