package dev.headroom.scaling.log;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the readers make of a text log: every row with its named cells and its line. */
record TextLog(
    String format,
    List<Map<String, String>> rows,
    List<Long> lines,
    Map<String, String> settings,
    List<String> notes) {

  static TextLog of(String text) {
    return of(LogInput.of(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), "log"));
  }

  static TextLog of(LogInput input) {
    Faults faults = new Faults(input.name());
    Cells cells = new Cells();
    LogFormat format = LogFormats.of(input);
    RowSource source = format.open(input, cells, faults);
    List<Map<String, String>> rows = new ArrayList<>();
    List<Long> lines = new ArrayList<>();
    while (source.next(cells)) {
      Map<String, String> row = new LinkedHashMap<>();
      for (String name : cells.names()) {
        String cell = cells.text(cells.find(name));
        if (cell != null) {
          row.put(name, cell);
        }
      }
      rows.add(row);
      lines.add(cells.line);
    }
    return new TextLog(format.name(), rows, lines, source.settings(), faults.notes());
  }

  /** Returns a column, null where a row lacks it. */
  List<String> column(String name) {
    List<String> out = new ArrayList<>();
    rows.forEach(row -> out.add(row.get(name)));
    return out;
  }

  Map<String, String> row(int i) {
    return rows.get(i);
  }
}
