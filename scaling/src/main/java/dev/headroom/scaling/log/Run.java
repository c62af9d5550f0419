package dev.headroom.scaling.log;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds one training run: its loss at rising steps and the other columns beside it.
 *
 * <p>NaN and infinity are values that were logged. A cell that was not logged is {@link #ABSENT},
 * which is a NaN too and told apart by {@link #isAbsent}; {@code loss} has no absent cells. The
 * arrays given are copied; those the accessors return are the run's own and not to be written.
 *
 * @param name name of the run, for messages
 * @param step rising step numbers
 * @param loss loss at each step, nats per token
 * @param columns further columns by canonical name ({@code tokens, lr, grad_norm, time, val_loss}
 *     and any name the column map gave), each as long as {@code step}
 * @param settings settings of the run from the log's header line, empty where it has none
 * @param notes what was odd in the log, one sentence each
 */
public record Run(
    String name,
    long[] step,
    double[] loss,
    Map<String, double[]> columns,
    Map<String, String> settings,
    List<String> notes) {

  private static final long ABSENT_BITS = 0x7ff8_0000_4865_6164L;

  /** The NaN that marks a cell that was not logged. */
  public static final double ABSENT = Double.longBitsToDouble(ABSENT_BITS);

  /** Checks lengths and order, and copies. */
  public Run {
    if (step.length != loss.length) {
      throw new IllegalArgumentException(
          "loss: " + loss.length + " values (expected: one for each of " + step.length + " steps)");
    }
    for (int i = 1; i < step.length; i++) {
      if (step[i] <= step[i - 1]) {
        throw new IllegalArgumentException(
            "step: " + step[i] + " after " + step[i - 1] + " (expected: rising steps)");
      }
    }
    Map<String, double[]> copy = new LinkedHashMap<>();
    for (Map.Entry<String, double[]> e : columns.entrySet()) {
      if (e.getValue().length != step.length) {
        throw new IllegalArgumentException(
            e.getKey() + ": " + e.getValue().length + " values (expected: " + step.length + ")");
      }
      copy.put(e.getKey(), e.getValue().clone());
    }
    step = step.clone();
    loss = loss.clone();
    columns = java.util.Collections.unmodifiableMap(copy);
    settings = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    notes = List.copyOf(notes);
  }

  /** Makes a run without settings. */
  public Run(
      String name, long[] step, double[] loss, Map<String, double[]> columns, List<String> notes) {
    this(name, step, loss, columns, Map.of(), notes);
  }

  /** Says whether a cell was not logged, as against logged as NaN. */
  public static boolean isAbsent(double cell) {
    return Double.doubleToRawLongBits(cell) == ABSENT_BITS;
  }

  /** Returns the number of rows. */
  public int size() {
    return step.length;
  }

  /**
   * Returns the rows with {@code from <= step <= to}, with the same name, settings and notes.
   *
   * @param from first step kept
   * @param to last step kept
   */
  public Run between(long from, long to) {
    int a = 0;
    while (a < step.length && step[a] < from) {
      a++;
    }
    int b = step.length;
    while (b > a && step[b - 1] > to) {
      b--;
    }
    Map<String, double[]> cut = new LinkedHashMap<>();
    for (Map.Entry<String, double[]> e : columns.entrySet()) {
      cut.put(e.getKey(), java.util.Arrays.copyOfRange(e.getValue(), a, b));
    }
    return new Run(
        name,
        java.util.Arrays.copyOfRange(step, a, b),
        java.util.Arrays.copyOfRange(loss, a, b),
        cut,
        settings,
        notes);
  }
}
