package dev.headroom.scaling.log;

import de.siegmar.fastcsv.reader.CommentStrategy;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.util.Iterator;
import java.util.Map;

/** Reads delimited text; the first line names the columns unless it is all numbers. */
final class CsvSource implements RowSource {
  private final TextInput in;
  private final Faults faults;
  private final Iterator<CsvRecord> records;
  private CsvRecord ahead;
  private int width;
  private boolean cut;

  CsvSource(TextInput in, Faults faults, Cells cells, char separator) {
    this.in = in;
    this.faults = faults;
    records =
        CsvReader.builder()
            .fieldSeparator(separator)
            .commentStrategy(CommentStrategy.SKIP)
            .allowMissingFields(true)
            .allowExtraFields(true)
            .trimWhitespacesAroundQuotes(true)
            .ofCsvRecord(in)
            .iterator();
    advance();
    if (ahead != null) {
      header(cells);
    }
  }

  private void header(Cells cells) {
    width = ahead.getFieldCount();
    boolean numbers = true;
    for (String field : ahead.getFields()) {
      numbers &= !Run.isAbsent(Cells.number(field));
    }
    for (int i = 0; i < width; i++) {
      String name = numbers ? "column" + (i + 1) : ahead.getField(i).trim();
      name = name.isEmpty() ? "column" + (i + 1) : name;
      cells.add(cells.find(name) < 0 ? name : name + "." + (i + 1));
    }
    if (numbers) {
      faults.note("no header line: the columns are called column1 to column" + width);
    } else {
      advance();
    }
  }

  private void advance() {
    try {
      ahead = records.hasNext() ? records.next() : null;
    } catch (CsvParseException e) {
      faults.malformed("not delimited text", 1, String.valueOf(e.getMessage()));
      ahead = null;
    }
  }

  @Override
  public boolean next(Cells cells) {
    while (ahead != null) {
      CsvRecord row = ahead;
      advance();
      cut = ahead == null && !in.endsWithLineEnd();
      if (row.getFieldCount() != width) {
        bad(row);
        continue;
      }
      cells.clear();
      cells.line = row.getStartingLineNumber();
      for (int i = 0; i < width; i++) {
        cells.set(i, row.getField(i));
      }
      return true;
    }
    return false;
  }

  private void bad(CsvRecord row) {
    if (cut) {
      faults.cut(row.getStartingLineNumber());
    } else {
      faults.malformed(
          "wrong number of fields",
          row.getStartingLineNumber(),
          row.getFieldCount() + " fields, expected " + width);
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
