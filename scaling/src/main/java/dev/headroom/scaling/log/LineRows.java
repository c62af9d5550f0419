package dev.headroom.scaling.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Gives the rows of a text log: the first parser that finds one keeps the log, lines that are no
 * rows (scripts, settings, warnings) are passed over, those that end before their loss are counted.
 */
final class LineRows implements RowSource {
  /** Rows read ahead so that names that turn up late are known when columns are chosen. */
  private static final int LOOK_AHEAD = 256;

  /** Rows of a weak parser that are held back until they are taken for what the log has. */
  private static final int HELD = 4096;

  private static final int LONGEST_EXAMPLE = 256;

  private record Row(String[] text, long line) {}

  private final TextLines lines;
  private final Faults faults;
  private final Fields row;
  private List<LineParser> parsers;
  private final Deque<Row> ahead = new ArrayDeque<>();
  private final Deque<Row> held = new ArrayDeque<>();
  private final Cells heldCells = new Cells();
  private final Fields heldRow = new Fields(heldCells);
  private boolean again;
  private boolean full;
  private boolean done;
  private boolean begun;
  private int[] counts = new int[16];
  private int[] decimals = new int[16];

  LineRows(TextLines lines, Faults faults, Cells cells, List<LineParser> parsers) {
    this.lines = lines;
    this.faults = faults;
    this.parsers = parsers;
    row = new Fields(cells);
    List<String[]> texts = new ArrayList<>();
    while (ahead.size() < LOOK_AHEAD && !full && read(cells)) {
      String[] text = cells.copy();
      texts.add(text);
      ahead.add(new Row(text, cells.line));
    }
    full = false;
    release(cells);
    for (LineParser parser : this.parsers) {
      parser.settle(texts, cells);
    }
  }

  /** Gives the rows held back, where nothing better was found. */
  private void release(Cells cells) {
    for (Row r : held) {
      cells.clear();
      for (int i = 0; i < r.text.length; i++) {
        int cell = cells.add(heldCells.names().get(i));
        cells.set(cell, r.text[i]);
      }
      ahead.add(new Row(cells.copy(), r.line));
    }
    held.clear();
  }

  @Override
  public boolean next(Cells cells) {
    Row first = ahead.poll();
    if (first != null) {
      cells.load(first.text, first.line);
      return true;
    }
    return read(cells);
  }

  private boolean read(Cells cells) {
    while (!done && !full && (again || lines.next())) {
      LineParser.Found found = parse();
      again = found == LineParser.Found.ROW_BEFORE;
      if (again || (found == LineParser.Found.ROW && !isCut())) {
        begun = true;
        return true;
      }
      pass(found);
    }
    return !full && finish();
  }

  /** Tells of a line that should have been a row. */
  private void pass(LineParser.Found found) {
    boolean torn = found == LineParser.Found.TORN;
    if (lines.unfinished && (torn || found == LineParser.Found.ROW || beginsRow(found))) {
      faults.cut(lines.number);
    } else if (torn && begun) {
      String example = lines.string(lines.from, Math.min(lines.to, lines.from + LONGEST_EXAMPLE));
      faults.malformed("the line ends before its loss", lines.number, example.strip());
    }
  }

  private LineParser.Found parse() {
    for (LineParser parser : parsers) {
      boolean hold = parsers.size() > 1 && parser.isWeak();
      LineParser.Found found = parser.parse(lines, hold ? heldRow : row);
      boolean torn = found == LineParser.Found.TORN;
      if (found == LineParser.Found.NOTHING || (torn && parsers.size() > 1)) {
        continue;
      }
      if (hold) {
        return hold(parser);
      }
      if (parsers.size() > 1 && (row.loss || found == LineParser.Found.PART)) {
        parsers = List.of(parser);
        held.clear();
      }
      return found;
    }
    return LineParser.Found.NOTHING;
  }

  private LineParser.Found hold(LineParser parser) {
    held.add(new Row(heldCells.copy(), heldCells.line));
    if (held.size() == HELD) {
      parsers = List.of(parser);
      full = true;
    }
    return LineParser.Found.NOTHING;
  }

  private boolean finish() {
    if (done) {
      return false;
    }
    for (LineParser parser : parsers) {
      if (parser.finish(row)) {
        return true;
      }
    }
    done = true;
    for (LineParser parser : parsers) {
      parser.tell(faults);
    }
    if (row.dropped() > 0) {
      faults.note(row.dropped() + " fields were left out: too many different names");
    }
    return false;
  }

  private boolean beginsRow(LineParser.Found found) {
    return found == LineParser.Found.NOTHING && new StepMark().find(lines, lines.from);
  }

  /**
   * Says whether the row comes from a last line that ends early: it has fewer fields than any row
   * of its kind before, its last number has fewer decimals than any, or a name is new.
   */
  private boolean isCut() {
    int kind = row.firstCell();
    if (kind < 0) {
      return false;
    }
    if (kind >= counts.length) {
      counts = Arrays.copyOf(counts, 2 * kind);
      decimals = Arrays.copyOf(decimals, 2 * kind);
    }
    boolean first = counts[kind] == 0;
    boolean cut = false;
    if (lines.unfinished) {
      cut =
          row.count < counts[kind] || row.decimals(lines) < decimals[kind] || (row.news && !first);
    } else {
      counts[kind] = first ? row.count : Math.min(counts[kind], row.count);
      decimals[kind] = first ? row.decimals(lines) : Math.min(decimals[kind], row.decimals(lines));
    }
    return cut;
  }

  @Override
  public boolean mayBeCut() {
    return lines.unfinished && ahead.isEmpty();
  }

  @Override
  public boolean namesAreComplete() {
    return false;
  }

  /** Returns the validation loss, which may turn up after thousands of training rows. */
  @Override
  public Map<String, String> columns() {
    String name = parsers.size() == 1 ? parsers.get(0).validation(row.names()) : null;
    return name == null || row.hasValidation() ? Map.of() : Map.of("val_loss", name);
  }

  @Override
  public Map<String, String> settings() {
    return row.settings();
  }
}
