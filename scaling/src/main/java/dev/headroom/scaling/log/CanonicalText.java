package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes rows as canonical JSONL or CSV while they pass by.
 *
 * <p>The columns of a run get their canonical names, all others keep theirs; numbers are written so
 * that they read back to the same bits. Rows stay as they stand in the log, duplicates and restarts
 * too, so that reading the text cleans it to the same run.
 */
final class CanonicalText {
  private final Writer out;
  private final boolean csv;
  private final Faults faults;
  private final Map<String, String> canonical = new HashMap<>();
  private final List<String> names = new ArrayList<>();
  private final Map<String, String> told = new LinkedHashMap<>();
  private final StringBuilder line = new StringBuilder();
  private int width;

  CanonicalText(Writer out, boolean csv, Faults faults) {
    this.out = out;
    this.csv = csv;
    this.faults = faults;
  }

  /** Writes all rows; returns how many. */
  long write(LogRows rows, RunColumns columns) throws IOException {
    if (columns != null) {
      for (String quantity : columns.quantities()) {
        canonical.putIfAbsent(columns.column(quantity), quantity);
      }
    }
    Cells cells = rows.cells();
    names(cells);
    width = names.size();
    if (csv) {
      header();
    } else {
      settings(rows.settings());
    }
    long n = 0;
    while (rows.next()) {
      row(cells);
      n++;
    }
    if (!csv) {
      settings(rows.settings());
    } else if (!rows.settings().isEmpty()) {
      faults.note(rows.settings().size() + " settings are left out, CSV has no place for them");
    }
    if (csv && names.size() > width) {
      faults.note(
          (names.size() - width)
              + " columns that turn up late are left out; JSONL would hold them");
    }
    out.flush();
    return n;
  }

  private void names(Cells cells) {
    for (int c = names.size(); c < cells.names().size(); c++) {
      String own = cells.names().get(c);
      String name = canonical.getOrDefault(own, own);
      names.add(name.equals(own) && canonical.containsValue(own) ? own + ".log" : name);
    }
    for (Map.Entry<String, String> e : canonical.entrySet()) {
      int c = cells.find(e.getKey());
      if (c >= 0) {
        names.set(c, e.getValue());
      }
    }
  }

  private void header() throws IOException {
    line.setLength(0);
    for (int c = 0; c < width; c++) {
      line.append(c == 0 ? "" : ",");
      field(names.get(c));
    }
    out.append(line.append('\n'));
  }

  /** Writes the settings that were not written before. */
  private void settings(Map<String, String> settings) throws IOException {
    line.setLength(0);
    for (Map.Entry<String, String> e : settings.entrySet()) {
      if (!e.getValue().equals(told.put(e.getKey(), e.getValue()))) {
        line.append(line.length() == 0 ? "" : ",");
        string(e.getKey());
        line.append(':');
        string(e.getValue());
      }
    }
    if (line.length() > 0) {
      out.append("{\"headroom\":\"\",\"run\":{").append(line).append("}}\n");
    }
  }

  private void row(Cells cells) throws IOException {
    if (cells.names().size() > names.size()) {
      names(cells);
    }
    line.setLength(0);
    if (csv) {
      for (int c = 0; c < width; c++) {
        line.append(c == 0 ? "" : ",");
        double value = cells.number(c);
        if (!Run.isAbsent(value)) {
          line.append(Cells.plain(value));
        } else if (cells.has(c)) {
          field(cells.text(c));
        }
      }
    } else {
      line.append('{');
      for (int i = 0; i < cells.filled(); i++) {
        member(cells, cells.filled(i));
      }
      line.append('}');
    }
    out.append(line.append('\n'));
  }

  private void member(Cells cells, int c) {
    double value = cells.number(c);
    boolean isNumber = !Run.isAbsent(value);
    if (!isNumber && !cells.isWord(c)) {
      return;
    }
    line.append(line.length() == 1 ? "" : ",");
    string(names.get(c));
    line.append(':');
    if (isNumber) {
      line.append(Cells.plain(value));
    } else {
      string(cells.text(c));
    }
  }

  private void field(String text) {
    if (text.matches("[^\",\r\n#]*")) {
      line.append(text);
    } else {
      line.append('"').append(text.replace("\"", "\"\"")).append('"');
    }
  }

  private void string(String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        line.append('\\').append(c);
      } else if (c < ' ') {
        line.append(String.format("\\u%04x", (int) c));
      } else {
        line.append(c);
      }
    }
    line.append('"');
  }
}
