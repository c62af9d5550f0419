package dev.headroom.scaling.log;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Says which column of a file holds which quantity.
 *
 * @param columns column of the file by canonical name, such as {@code step} to {@code Step}
 */
public record ColumnMap(Map<String, String> columns) {

  /** Copies the map. */
  public ColumnMap {
    columns = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(columns));
  }

  /** Returns the map that names nothing, so that the usual names are looked for. */
  public static ColumnMap none() {
    return new ColumnMap(Map.of());
  }

  /**
   * Reads {@code step=Step,loss="training spikes - lm loss"}; a name with a comma stands in double
   * quotes, a quote inside it is doubled.
   *
   * @throws IllegalArgumentException if a part is not {@code name=column}
   */
  public static ColumnMap parse(String text) {
    Map<String, String> out = new LinkedHashMap<>();
    int at = 0;
    while (at < text.length()) {
      int eq = text.indexOf('=', at);
      String key = eq < 0 ? "" : text.substring(at, eq).trim();
      if (key.isEmpty() || key.indexOf(',') >= 0) {
        throw new IllegalArgumentException(
            "map: '"
                + text.substring(at)
                + "' (expected: name=column, for example"
                + " step=Step,loss=\"train loss\")");
      }
      StringBuilder column = new StringBuilder();
      at = value(text, eq + 1, column);
      if (column.isEmpty()) {
        throw new IllegalArgumentException("map: " + key + "= (expected: a column name)");
      }
      if (out.put(key, column.toString()) != null) {
        throw new IllegalArgumentException("map: " + key + " given twice (expected: once)");
      }
    }
    return new ColumnMap(out);
  }

  private static int value(String text, int start, StringBuilder out) {
    int at = start;
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    if (at == text.length() || text.charAt(at) != '"') {
      int comma = text.indexOf(',', at);
      int end = comma < 0 ? text.length() : comma;
      out.append(text.substring(at, end).trim());
      return comma < 0 ? end : end + 1;
    }
    for (at++; at < text.length(); at++) {
      if (text.charAt(at) != '"') {
        out.append(text.charAt(at));
      } else if (at + 1 < text.length() && text.charAt(at + 1) == '"') {
        out.append('"');
        at++;
      } else {
        return afterQuote(text, at + 1);
      }
    }
    throw new IllegalArgumentException("map: " + text + " (expected: a closing quote)");
  }

  private static int afterQuote(String text, int start) {
    String rest = text.substring(start).stripLeading();
    if (rest.isEmpty()) {
      return text.length();
    }
    if (rest.charAt(0) != ',') {
      throw new IllegalArgumentException("map: '" + rest + "' (expected: a comma after the quote)");
    }
    return text.length() - rest.length() + 1;
  }

  /** Returns the column named for a quantity, or null. */
  public String column(String quantity) {
    return columns.get(quantity);
  }

  /** Returns this map with one more entry, or another column for an old one. */
  public ColumnMap with(String quantity, String column) {
    Map<String, String> out = new LinkedHashMap<>(columns);
    out.put(quantity, column);
    return new ColumnMap(out);
  }
}
