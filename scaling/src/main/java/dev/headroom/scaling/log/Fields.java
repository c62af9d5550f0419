package dev.headroom.scaling.log;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Writes what a line scanner found into the cells of a row: a number without its thousands
 * separators, its unit moved to the column's name ({@code 55.3ms} under {@code time} becomes column
 * {@code time (ms)}), {@code 1.2K} as 1200.
 *
 * <p>A column is found again by its place in the line, so that a log of equal lines costs one
 * comparison a field. At most {@value #MOST} columns are kept; the rest is counted.
 */
final class Fields {
  static final String STEP = "step";
  private static final String GLOBAL_STEP = "global_step";
  private static final int MOST = 512;
  private static final int LONGEST_NAME = 80;

  private static final class Column {
    char[] key;
    char[] unit;
    int cell;
    boolean loss;
    boolean evaluation;
    String last;
  }

  private final Cells cells;
  private final Map<String, Column> columns = new HashMap<>();
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final FieldValue read = new FieldValue();
  private Column[] places = new Column[16];
  private int place;
  private int lastFrom;
  private int lastTo;
  private int stepCell = -1;
  private int lossCell = -1;
  private int globalCell = -1;
  private long total;
  private long dropped;
  private Column[] filled = new Column[16];

  /** Fields of the row at hand, its step left out. */
  int count;

  /** Whether the row at hand holds a loss. */
  boolean loss;

  /** Whether the row at hand holds a name that no row before it has. */
  boolean news;

  /** Whether the cells outlast the line that they stand in. */
  boolean texts;

  /** What stands in front of the names of the fields that follow. */
  String prefix = "";

  /** Whether an evaluation that stands unchanged on training line after line counts once. */
  boolean evaluationsOnce;

  Fields(Cells cells) {
    this.cells = cells;
  }

  /** Begins a row. */
  void start(long line) {
    cells.clear();
    cells.line = line;
    place = 0;
    count = 0;
    loss = false;
    lossCell = -1;
    texts = false;
    news = false;
    evaluationsOnce = false;
  }

  void step(long value) {
    stepCell = stepCell < 0 ? cells.add(STEP) : stepCell;
    cells.set(stepCell, (double) value);
  }

  /** Returns the step that the row holds under {@code global_step}, or -1. */
  long globalStep() {
    if (globalCell < 0 && columns.containsKey(GLOBAL_STEP)) {
      globalCell = cells.find(GLOBAL_STEP);
    }
    double value = cells.number(globalCell);
    return value >= 0 && value < 0x1p53 && value == Math.rint(value) ? (long) value : -1;
  }

  /** Says whether the field put last has a unit. */
  boolean hasUnit() {
    return count > 0 && filled[count - 1].unit.length > 0;
  }

  void total(long steps) {
    if (steps > 0 && steps != total) {
      total = steps;
      settings.put("total_steps", Long.toString(steps));
    }
  }

  void setting(String name, String value) {
    settings.put(name, value);
  }

  Map<String, String> settings() {
    return settings;
  }

  long dropped() {
    return dropped;
  }

  /** Adds a field under a name that the scanner chose. */
  void put(String name, TextLines line, int valueFrom, int valueTo) {
    char[] key = name.toCharArray();
    put(key, 0, key.length, line, valueFrom, valueTo);
  }

  /** Adds a field whose name stands in the line. */
  void put(TextLines line, int keyFrom, int keyTo, int valueFrom, int valueTo) {
    int a = line.skipSpaces(keyFrom);
    put(line.text, a, line.trimEnd(a, keyTo), line, valueFrom, valueTo);
  }

  private void put(char[] t, int keyFrom, int keyTo, TextLines line, int valueFrom, int valueTo) {
    int a = line.skipSpaces(valueFrom);
    int b = line.trimEnd(a, valueTo);
    if (a >= b || keyFrom >= keyTo || keyTo - keyFrom > LONGEST_NAME) {
      return;
    }
    read.scan(line.text, a, b);
    boolean isNumber = read.isNumber();
    Column column = column(t, keyFrom, keyTo, line.text);
    if (column == null || (!isNumber && !column.loss)) {
      return;
    }
    boolean once = column.evaluation && evaluationsOnce;
    if (texts || once || !isNumber || !read.isPlain(line.text)) {
      String value = isNumber ? read.text(line.text) : line.string(a, b);
      if (once && lossCell >= 0 && value.equals(column.last)) {
        return;
      }
      column.last = value;
      cells.set(column.cell, value);
    } else {
      cells.set(column.cell, line.text, a, read.end);
    }
    lastFrom = a;
    lastTo = read.end;
    add(column);
  }

  private void add(Column column) {
    if (count == filled.length) {
      filled = Arrays.copyOf(filled, 2 * count);
    }
    filled[count++] = column;
    if (column.loss && !column.evaluation && lossCell < 0) {
      lossCell = column.cell;
    }
    loss |= column.loss;
  }

  /** Returns the number of decimals of the field put last. */
  int decimals(TextLines line) {
    int i = lastFrom;
    while (i < lastTo && line.text[i] != '.') {
      i++;
    }
    return Math.max(0, line.skipDigits(i + 1) - i - 1);
  }

  /** Takes back everything of the row but its step and its evaluations; says whether some stay. */
  boolean keepEvaluations() {
    double step = cells.number(stepCell);
    cells.clear();
    cells.set(stepCell, step);
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (filled[i].evaluation) {
        cells.set(filled[i].cell, filled[i].last);
        filled[kept++] = filled[i];
      }
    }
    count = kept;
    return kept > 0;
  }

  /** Returns the cell of the row's first field, -1 where it has none. */
  int firstCell() {
    return count == 0 ? -1 : filled[0].cell;
  }

  /** Returns the text of the row's first training loss, or null. */
  String trainLoss() {
    return cells.text(lossCell);
  }

  /** Says whether a column met so far holds the loss of an evaluation. */
  boolean hasValidation() {
    return columns.values().stream().anyMatch(c -> c.loss && c.evaluation);
  }

  /** Returns the names of all columns met so far. */
  Set<String> names() {
    return columns.keySet();
  }

  private Column column(char[] t, int from, int to, char[] u) {
    int unitFrom = read.end;
    int unitTo = read.unitEnd;
    if (!prefix.isEmpty()) {
      return find(
          prefix + new String(t, from, to - from), new String(u, unitFrom, unitTo - unitFrom));
    }
    int here = place++;
    if (here < places.length) {
      Column c = places[here];
      if (c != null
          && Arrays.equals(c.key, 0, c.key.length, t, from, to)
          && Arrays.equals(c.unit, 0, c.unit.length, u, unitFrom, unitTo)) {
        return c;
      }
    } else if (here < MOST) {
      places = Arrays.copyOf(places, 2 * places.length);
    }
    Column c = find(new String(t, from, to - from), new String(u, unitFrom, unitTo - unitFrom));
    if (here < places.length) {
      places[here] = c;
    }
    return c;
  }

  private Column find(String key, String unit) {
    String name = unit.isEmpty() ? key : key + " (" + unit + ")";
    Column c = columns.get(name);
    if (c == null) {
      if (columns.size() == MOST) {
        dropped++;
        return null;
      }
      c = new Column();
      c.key = key.toCharArray();
      c.unit = unit.toCharArray();
      c.cell = cells.add(name);
      c.loss = isLoss(key);
      c.evaluation = isEvaluation(key);
      columns.put(name, c);
      news = true;
    }
    return c;
  }

  private static boolean isLoss(String key) {
    String low = key.toLowerCase(Locale.ROOT);
    return (low.contains("loss") || low.contains("bpb"))
        && !low.contains("scale")
        && !low.contains("ppl");
  }

  private static boolean isEvaluation(String key) {
    String low = key.toLowerCase(Locale.ROOT);
    return low.startsWith("val") || low.startsWith("eval") || low.startsWith("test");
  }
}
