package dev.headroom.scaling.log;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads one JSON object a line; objects inside it become columns with a dot in their name.
 *
 * <p>A line of numbers, plain strings and nulls, as nearly all are, is read in place by {@link
 * JsonLine}; Gson reads the others.
 */
final class JsonlSource implements RowSource {
  private final TextInput in;
  private final Faults faults;
  private final JsonLine plain = new JsonLine();
  private final Map<String, String> settings = new LinkedHashMap<>();

  JsonlSource(TextInput in, Faults faults) {
    this.in = in;
    this.faults = faults;
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

  @Override
  public boolean next(Cells cells) {
    while (in.nextLine()) {
      cells.clear();
      cells.line = in.line();
      if (plain.read(in.chars(), in.from(), in.to(), cells)) {
        return true;
      }
      cells.clear();
      String text = new String(in.chars(), in.from(), in.to() - in.from());
      if (text.isBlank()) {
        continue;
      }
      try {
        if (parse(text, cells)) {
          return true;
        }
      } catch (IOException | IllegalStateException | NumberFormatException e) {
        if (in.lineIsOpen()) {
          faults.cut(cells.line);
        } else {
          faults.malformed("not a JSON object", cells.line, text.strip());
        }
      }
    }
    return false;
  }

  /** Reads one line into the cells; returns false for a header line. */
  private boolean parse(String text, Cells cells) throws IOException {
    JsonReader json = new JsonReader(new StringReader(text));
    json.setStrictness(Strictness.LENIENT);
    json.beginObject();
    boolean first = true;
    boolean header = false;
    while (json.hasNext()) {
      String name = json.nextName();
      header |= first && name.equals("headroom");
      first = false;
      JsonCells.read(json, name, header ? settings::put : (n, v) -> cells.set(cells.add(n), v));
    }
    json.endObject();
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw new IllegalStateException("text after the object");
    }
    if (header) {
      unwrap();
    }
    return !header;
  }

  /** Names the settings of a header as its {@code run} object does. */
  private void unwrap() {
    // The header of a converted log, which no version of Headroom trained.
    settings.remove("headroom", "");
    for (String name : settings.keySet().toArray(new String[0])) {
      if (name.startsWith("run.")) {
        settings.put(name.substring("run.".length()), settings.remove(name));
      }
    }
  }
}
