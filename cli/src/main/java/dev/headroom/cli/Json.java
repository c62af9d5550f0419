package dev.headroom.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;

/** Writes JSON as every reader understands it: numbers that JSON does not have become null. */
public final class Json {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  private Json() {}

  /** Returns the text of a document, with a line end. */
  public static String text(JsonElement element) {
    return PRETTY.toJson(element) + "\n";
  }

  /** Returns a number, or null for NaN and infinity. */
  public static JsonElement number(double value) {
    return Double.isFinite(value) ? new JsonPrimitive(value) : JsonNull.INSTANCE;
  }

  /** Returns an array of numbers. */
  static JsonArray numbers(double[] values) {
    JsonArray array = new JsonArray(values.length);
    for (double value : values) {
      array.add(number(value));
    }
    return array;
  }

  /** Returns an array of texts. */
  public static JsonArray texts(Iterable<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }
}
