package dev.headroom.scaling.log;

import java.util.Map;

/** Reads delimited text; the first line names the columns unless it is all numbers. */
final class CsvSource implements RowSource {
  private final TextInput in;
  private final Faults faults;
  private final CsvLine fields;
  private int[] columns = {};
  private boolean again;
  private boolean cut;

  CsvSource(TextInput in, Faults faults, Cells cells, char separator) {
    this.in = in;
    this.faults = faults;
    fields = new CsvLine(in, separator);
    if (advance()) {
      header(cells);
    }
  }

  private void header(Cells cells) {
    int width = fields.count();
    columns = new int[width];
    boolean numbers = true;
    for (int i = 0; i < width; i++) {
      numbers &= !Run.isAbsent(Cells.number(fields.text(i)));
    }
    for (int i = 0; i < width; i++) {
      String name = numbers ? "column" + (i + 1) : fields.text(i).trim();
      name = name.isEmpty() ? "column" + (i + 1) : name;
      columns[i] = cells.add(cells.find(name) < 0 ? name : name + "." + (i + 1));
    }
    if (numbers) {
      faults.note("no header line: the columns are called column1 to column" + width);
    }
    again = numbers;
  }

  /** Splits the next line that is no comment. */
  private boolean advance() {
    while (fields.next()) {
      if (fields.isBroken()) {
        faults.malformed("a quote is not closed", fields.line(), fields.text(0));
      } else {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean next(Cells cells) {
    while (again || advance()) {
      again = false;
      cut = in.lineIsOpen();
      if (fields.count() != columns.length) {
        bad();
        continue;
      }
      cells.clear();
      cells.line = fields.line();
      for (int i = 0; i < columns.length; i++) {
        fields.put(i, columns[i], cells);
      }
      return true;
    }
    return false;
  }

  private void bad() {
    if (cut) {
      faults.cut(fields.line());
    } else {
      faults.malformed(
          "wrong number of fields",
          fields.line(),
          fields.count() + " fields, expected " + columns.length);
    }
  }

  @Override
  public boolean mayBeCut() {
    return cut;
  }

  @Override
  public boolean namesAreComplete() {
    return true;
  }

  @Override
  public Map<String, String> settings() {
    return Map.of();
  }
}
