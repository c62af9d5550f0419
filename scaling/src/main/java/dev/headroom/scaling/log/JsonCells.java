package dev.headroom.scaling.log;

import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.util.function.BiConsumer;

/** Takes the numbers and words of a JSON value, those of inner objects under dotted names. */
final class JsonCells {
  private static final int DEEPEST = 16;

  private JsonCells() {}

  /** Reads one value; arrays, nulls and what lies deeper than 16 objects are passed over. */
  static void read(JsonReader json, String name, BiConsumer<String, String> put)
      throws IOException {
    read(json, name, put, 0);
  }

  private static void read(JsonReader json, String name, BiConsumer<String, String> put, int depth)
      throws IOException {
    switch (json.peek()) {
      case BEGIN_OBJECT:
        if (depth == DEEPEST) {
          json.skipValue();
          return;
        }
        json.beginObject();
        while (json.hasNext()) {
          read(json, name + "." + json.nextName(), put, depth + 1);
        }
        json.endObject();
        return;
      case STRING:
      case NUMBER:
        put.accept(name, json.nextString());
        return;
      case BOOLEAN:
        put.accept(name, Boolean.toString(json.nextBoolean()));
        return;
      default:
        json.skipValue();
    }
  }
}
