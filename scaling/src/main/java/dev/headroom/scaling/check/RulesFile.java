package dev.headroom.scaling.check;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Reads a rules file: JSON as {@link RulesSchema} describes it.
 *
 * <pre>{@code
 * {"profile": "pretraining", "fail_on": "error",
 *  "rules": {"spike": {"mads": 10, "severity": "error"}, "plateau": "off"}}
 * }</pre>
 */
public final class RulesFile {
  private static final long LARGEST = 1 << 20;
  private static final List<String> KEYS =
      List.of("$schema", "profile", "fail_on", "only", "rules");

  private final String name;
  private CheckOptions options;

  private RulesFile(String name, CheckOptions options) {
    this.name = name;
    this.options = options;
  }

  /**
   * Reads a rules file on top of options.
   *
   * @param file the file, at most 1 MiB
   * @param base what holds where the file says nothing
   * @param keepProfile whether {@code base} stays even if the file names a profile
   * @throws UncheckedIOException if the file cannot be read
   * @throws IllegalArgumentException if it breaks the schema; the message names the key
   */
  public static CheckOptions read(Path file, CheckOptions base, boolean keepProfile) {
    try {
      if (Files.isRegularFile(file) && Files.size(file) > LARGEST) {
        throw new IllegalArgumentException(
            file + ": " + Files.size(file) + " bytes (expected: a rules file, at most 1 MiB)");
      }
      try (Reader reader = Files.newBufferedReader(file)) {
        return new RulesFile(file.toString(), base).read(reader, keepProfile);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CheckOptions read(Reader reader, boolean keepProfile) throws IOException {
    JsonReader json = new JsonReader(reader);
    json.setStrictness(Strictness.STRICT);
    JsonElement root;
    try {
      root = JsonParser.parseReader(json);
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new JsonParseException("something follows the object");
      }
    } catch (JsonParseException | MalformedJsonException e) {
      throw new IllegalArgumentException(
          name + ": no JSON: " + e.getMessage() + " (expected: one object)", e);
    }
    JsonObject object = object("the file", root);
    known("", object, KEYS);
    if (object.has("profile") && !keepProfile) {
      CheckOptions of =
          at("profile", () -> CheckOptions.of(Profile.named(text(object, "profile"))));
      options = of;
    }
    if (object.has("rules")) {
      object("rules", object.get("rules")).entrySet().forEach(this::rule);
    }
    if (object.has("only")) {
      options = options.only(ids(object.get("only")));
    }
    if (object.has("fail_on")) {
      options = options.failingOn(failOn(text(object, "fail_on")));
    }
    return options;
  }

  private void rule(Map.Entry<String, JsonElement> e) {
    String id = e.getKey();
    if (e.getValue().isJsonPrimitive()) {
      options = at("rules." + id, () -> options.with(id + ".severity", plain(id, e.getValue())));
      return;
    }
    for (Map.Entry<String, JsonElement> one : object("rules." + id, e.getValue()).entrySet()) {
      String setting = id + "." + one.getKey();
      options = at("rules", () -> options.with(setting, plain(setting, one.getValue())));
    }
    at("rules", () -> Rules.info(id));
  }

  private Set<String> ids(JsonElement list) {
    if (!list.isJsonArray()) {
      throw wrong("only", list, "an array of rule ids");
    }
    Set<String> out = new LinkedHashSet<>();
    list.getAsJsonArray().forEach(id -> out.add(plain("only", id)));
    out.forEach(id -> at("only", () -> Rules.info(id)));
    return out;
  }

  private FailOn failOn(String value) {
    if (!List.of("error", "warning", "never").contains(value)) {
      throw wrong("fail_on", new JsonPrimitive(value), "error, warning or never");
    }
    return FailOn.valueOf(value.toUpperCase(Locale.ROOT));
  }

  private String text(JsonObject object, String key) {
    JsonElement value = object.get(key);
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw wrong(key, value, "a text");
    }
    return value.getAsString();
  }

  private String plain(String key, JsonElement value) {
    boolean fits =
        value.isJsonPrimitive()
            && (value.getAsJsonPrimitive().isNumber() || value.getAsJsonPrimitive().isString());
    if (!fits) {
      throw wrong(key, value, "a number or a text");
    }
    return value.getAsString();
  }

  private JsonObject object(String key, JsonElement value) {
    if (!value.isJsonObject()) {
      throw wrong(key, value, "an object");
    }
    return value.getAsJsonObject();
  }

  private void known(String where, JsonObject object, List<String> keys) {
    Set<String> odd = new TreeSet<>(object.keySet());
    keys.forEach(odd::remove);
    if (!odd.isEmpty()) {
      throw new IllegalArgumentException(
          name
              + ": "
              + where
              + odd.iterator().next()
              + ": no such key (expected: "
              + String.join(", ", keys)
              + ")");
    }
  }

  private <T> T at(String key, Supplier<T> action) {
    try {
      return action.get();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + key + ": " + e.getMessage(), e);
    }
  }

  private IllegalArgumentException wrong(String key, JsonElement value, String rule) {
    String shown = value.toString();
    return new IllegalArgumentException(
        name
            + ": "
            + key
            + ": "
            + (shown.length() > 60 ? shown.substring(0, 60) + "..." : shown)
            + " (expected: "
            + rule
            + ")");
  }
}
