package dev.headroom.scaling.log;

/**
 * Reads the blocks of OLMo and OLMo-core: a line with {@code [step=10/1000,epoch=0]}, then indented
 * lines such as {@code train/CrossEntropyLoss=3.2}; evaluations come as blocks of their own and
 * belong to the step before them.
 */
final class OlmoBlocks implements LineParser {
  private final StepMark mark = new StepMark();
  private boolean begun;
  private boolean open;
  private long step;

  @Override
  public Found parse(TextLines line, Fields row) {
    int bracket = line.find("[step=", line.from);
    if (bracket >= 0 && mark.find(line, bracket + 1)) {
      if (open) {
        return close(row);
      }
      begun = true;
      step = mark.step;
      row.total(mark.total);
      return rest(line, row);
    }
    int equals = begun ? line.find('=', line.from, line.to) : -1;
    int key = equals < 0 ? -1 : key(line, equals);
    if (key < 0) {
      return open ? close(row) : Found.NOTHING;
    }
    begin(line, row);
    row.put(line, key, equals, equals + 1, line.to);
    return Found.PART;
  }

  /** Reads fields that stand on the line of the step itself, behind its bracket. */
  private Found rest(TextLines line, Fields row) {
    int close = line.find(']', mark.end, line.to);
    if (close < 0 || line.find('=', close, line.to) < 0) {
      return Found.PART;
    }
    begin(line, row);
    FieldText.readAll(line, row, close + 1, line.to);
    return Found.PART;
  }

  private void begin(TextLines line, Fields row) {
    if (!open) {
      open = true;
      row.start(line.number);
      row.texts = true;
      row.step(step);
    }
  }

  private Found close(Fields row) {
    open = false;
    return row.count > 0 ? Found.ROW_BEFORE : Found.NOTHING;
  }

  /** Returns where an indented name with a slash begins, or -1. */
  private static int key(TextLines line, int equals) {
    int a = equals;
    boolean slash = false;
    while (a > line.from && !(line.isSpace(a - 1) && a > line.from + 1 && line.isSpace(a - 2))) {
      a--;
      slash |= line.text[a] == '/';
    }
    return slash && a >= line.from + 2 && line.isLetter(a) ? a : -1;
  }

  @Override
  public boolean finish(Fields row) {
    boolean last = open && row.count > 0;
    open = false;
    return last;
  }
}
