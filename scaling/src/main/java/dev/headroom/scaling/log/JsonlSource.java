package dev.headroom.scaling.log;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads one JSON object a line; objects inside it become columns with a dot in their name. */
final class JsonlSource implements RowSource {
  /** Rows read ahead so that names that turn up late are known when columns are chosen. */
  private static final int LOOK_AHEAD = 256;

  private static final int DEEPEST = 16;

  private record Row(String[] text, long line, boolean last) {}

  private final TextInput in;
  private final Faults faults;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Deque<Row> ahead = new ArrayDeque<>();
  private long line;
  private boolean last;

  JsonlSource(TextInput in, Faults faults, Cells cells) {
    this.in = in;
    this.faults = faults;
    while (ahead.size() < LOOK_AHEAD && read(cells)) {
      ahead.add(new Row(cells.copy(), cells.line, last));
    }
  }

  @Override
  public boolean next(Cells cells) {
    Row row = ahead.poll();
    if (row != null) {
      cells.load(row.text, row.line);
      last = row.last;
      return true;
    }
    return read(cells);
  }

  @Override
  public boolean mayBeCut() {
    return last;
  }

  @Override
  public boolean namesAreComplete() {
    return false;
  }

  @Override
  public Map<String, String> settings() {
    return settings;
  }

  private boolean read(Cells cells) {
    for (String text = in.readLine(); text != null; text = in.readLine()) {
      line++;
      if (text.isBlank()) {
        continue;
      }
      cells.clear();
      cells.line = line;
      try {
        if (parse(text, cells)) {
          last = false;
          return true;
        }
      } catch (IOException | IllegalStateException | NumberFormatException e) {
        if (in.finished() && !in.endsWithLineEnd()) {
          faults.cut(line);
        } else {
          faults.malformed("not a JSON object", line, text.strip());
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
      value(json, name, header ? null : cells, 0);
    }
    json.endObject();
    if (json.peek() != JsonToken.END_DOCUMENT) {
      throw new IllegalStateException("text after the object");
    }
    return !header;
  }

  private void value(JsonReader json, String name, Cells cells, int depth) throws IOException {
    switch (json.peek()) {
      case BEGIN_OBJECT:
        if (depth == DEEPEST) {
          json.skipValue();
          return;
        }
        json.beginObject();
        while (json.hasNext()) {
          String inner = json.nextName();
          boolean run = cells == null && depth == 0 && name.equals("run");
          value(json, run ? inner : name + "." + inner, cells, depth + 1);
        }
        json.endObject();
        return;
      case STRING:
      case NUMBER:
        put(name, json.nextString(), cells);
        return;
      case BOOLEAN:
        put(name, Boolean.toString(json.nextBoolean()), cells);
        return;
      default:
        json.skipValue();
    }
  }

  private void put(String name, String text, Cells cells) {
    if (cells == null) {
      settings.put(name, text);
    } else {
      cells.set(cells.add(name), text);
    }
  }
}
