package dev.headroom.scaling.log;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads a JSON document as a stream.
 *
 * <p>An array of objects gives a row an object, as it is met. Arrays of numbers, and objects from
 * step to value, are columns, which are gathered and given at the end. What else there is of single
 * values is a setting.
 */
final class JsonDocumentSource implements RowSource {
  private final TextInput in;
  private final Faults faults;
  private final JsonReader json;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final JsonColumns columns;
  private boolean begun;
  private boolean inRows;
  private boolean onlyRows;
  private boolean done;
  private String prefix = "";
  private long rows;

  JsonDocumentSource(TextInput in, Faults faults) {
    this.in = in;
    this.faults = faults;
    json = new JsonReader(in);
    json.setStrictness(Strictness.LENIENT);
    columns = new JsonColumns(faults);
  }

  @Override
  public boolean next(Cells cells) {
    cells.clear();
    if (!done) {
      try {
        if (row(cells)) {
          rows++;
          return true;
        }
      } catch (IOException | IllegalStateException | NumberFormatException e) {
        broken(e);
      }
      done = true;
      cells.clear();
    }
    return columns.next(cells);
  }

  private void broken(Exception e) {
    String what = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    if (rows + columns.size() > 0) {
      faults.note(
          "the JSON document breaks off near line "
              + in.line()
              + " and was read as far as it goes ("
              + what
              + ")");
    } else {
      faults.malformed("not a JSON document", 1, what);
    }
  }

  private boolean row(Cells cells) throws IOException {
    if (!begun) {
      begun = true;
      onlyRows = json.peek() == JsonToken.BEGIN_ARRAY;
      inRows = onlyRows;
      if (onlyRows) {
        json.beginArray();
      } else {
        json.beginObject();
      }
    }
    while (true) {
      if (inRows) {
        if (json.hasNext()) {
          if (json.peek() == JsonToken.BEGIN_OBJECT) {
            object(cells);
            return true;
          }
          json.skipValue();
          continue;
        }
        json.endArray();
        inRows = false;
        if (onlyRows) {
          return false;
        }
      }
      if (!json.hasNext()) {
        json.endObject();
        return false;
      }
      member();
    }
  }

  private void object(Cells cells) throws IOException {
    cells.line = in.line();
    json.beginObject();
    while (json.hasNext()) {
      JsonCells.read(json, prefix + json.nextName(), (n, v) -> cells.set(cells.add(n), v));
    }
    json.endObject();
  }

  private void member() throws IOException {
    String name = json.nextName();
    switch (json.peek()) {
      case BEGIN_ARRAY:
        json.beginArray();
        if (json.peek() == JsonToken.BEGIN_OBJECT) {
          inRows = true;
          prefix = LikelyColumns.isValidation(name) ? name + "_" : "";
        } else {
          columns.array(json, name, 0, 1);
        }
        return;
      case BEGIN_OBJECT:
        columns.object(json, name, settings);
        return;
      default:
        JsonCells.read(json, name, settings::put);
    }
  }

  @Override
  public boolean mayBeCut() {
    return false;
  }

  @Override
  public boolean namesAreComplete() {
    return false;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }
}
