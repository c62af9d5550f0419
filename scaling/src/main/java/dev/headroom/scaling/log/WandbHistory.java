package dev.headroom.scaling.log;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads the records of a W&amp;B run: its history as rows, its configuration as settings.
 *
 * <p>A history record is a list of items, a key (or the keys of objects inside each other) and a
 * JSON value; objects become columns with a dot in their name, lists are passed over. Source:
 * wandb_internal.proto.
 */
final class WandbHistory {
  private static final int MOST_COLUMNS = 4096;
  private static final int LONGEST_NAME = 1024;
  private static final int LONGEST_VALUE = 1 << 16;
  private static final int DEEPEST = 8;

  private final Cells cells;
  private final Faults faults;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private long record;
  private boolean toSettings;

  WandbHistory(Cells cells, Faults faults) {
    this.cells = cells;
    this.faults = faults;
  }

  Map<String, String> settings() {
    return settings;
  }

  /**
   * Reads a record; returns true if it was a row of the history, which the cells hold then.
   *
   * @throws IOException if the bytes are no record
   */
  boolean read(byte[] bytes, int length, long number) throws IOException {
    record = number;
    ProtoReader in = new ProtoReader(bytes, 0, length);
    boolean isRow = false;
    while (in.next()) {
      if (in.is(2, 2)) {
        cells.clear();
        cells.line = number;
        history(in.inner());
        isRow = true;
      } else if (in.is(17, 2)) {
        run(in.inner());
      } else if (in.is(5, 2)) {
        config(in.inner());
      }
    }
    return isRow;
  }

  private void history(ProtoReader in) throws IOException {
    toSettings = false;
    long step = -1;
    while (in.next()) {
      if (in.is(1, 2)) {
        item(in.inner());
      } else if (in.is(2, 2)) {
        step = 0;
        ProtoReader number = in.inner();
        while (number.next()) {
          step = number.is(1, 0) ? number.bits() : step;
        }
      }
    }
    int column = cells.find("_step");
    if (step >= 0 && !cells.has(column)) {
      put("_step", Long.toString(step));
    }
  }

  private void run(ProtoReader in) throws IOException {
    while (in.next()) {
      if (in.is(1, 2)) {
        settings.put("run_id", in.text());
      } else if (in.is(3, 2)) {
        settings.put("project", in.text());
      } else if (in.is(8, 2)) {
        settings.put("run_name", in.text());
      } else if (in.is(4, 2)) {
        config(in.inner());
      }
    }
  }

  private void config(ProtoReader in) throws IOException {
    toSettings = true;
    while (in.next()) {
      if (in.is(1, 2)) {
        item(in.inner());
      }
    }
  }

  /** Reads an item of a history or of a configuration; both number their fields alike. */
  private void item(ProtoReader in) throws IOException {
    StringBuilder name = new StringBuilder();
    String value = null;
    while (in.next()) {
      if ((in.is(1, 2) || in.is(2, 2)) && in.to() > in.from()) {
        name.append(name.isEmpty() ? "" : ".").append(in.text());
      } else if (in.is(16, 2) && in.to() - in.from() <= LONGEST_VALUE) {
        value = in.text();
      }
    }
    if (value == null || value.isEmpty() || name.isEmpty()) {
      return;
    }
    char c = value.charAt(0);
    if (c == '"' || c == '{') {
      json(name.toString(), value);
    } else if (c != '[') {
      put(name.toString(), value);
    }
  }

  private void json(String name, String value) {
    JsonReader json = new JsonReader(new StringReader(value));
    json.setStrictness(Strictness.LENIENT);
    try {
      value(json, name, 0);
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      faults.malformed("value that is no JSON", record, name);
    }
  }

  private void value(JsonReader json, String name, int depth) throws IOException {
    JsonToken next = json.peek();
    if (next == JsonToken.BEGIN_OBJECT && depth < DEEPEST) {
      json.beginObject();
      while (json.hasNext()) {
        value(json, name + "." + json.nextName(), depth + 1);
      }
      json.endObject();
    } else if (next == JsonToken.STRING || next == JsonToken.NUMBER) {
      put(name, json.nextString());
    } else if (next == JsonToken.BOOLEAN) {
      put(name, Boolean.toString(json.nextBoolean()));
    } else {
      json.skipValue();
    }
  }

  private void put(String name, String text) {
    if (toSettings) {
      if (!name.startsWith("_wandb") && settings.size() < MOST_COLUMNS) {
        settings.put(name, text);
      }
      return;
    }
    int column = cells.find(name);
    if (column < 0) {
      if (name.length() > LONGEST_NAME || cells.names().size() >= MOST_COLUMNS) {
        faults.malformed("column beyond the first " + MOST_COLUMNS, record, name);
        return;
      }
      column = cells.add(name);
    }
    cells.set(column, text);
  }
}
