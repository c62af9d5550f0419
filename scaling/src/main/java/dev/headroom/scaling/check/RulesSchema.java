package dev.headroom.scaling.check;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.headroom.scaling.log.Axis;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes the JSON Schema (2020-12) of a rules file, from the declarations of the rules. */
public final class RulesSchema {
  /** Name of the schema, beside this class in the jar. */
  public static final String RESOURCE = "rules.schema.json";

  private RulesSchema() {}

  /** Returns the schema as it is shipped. */
  public static String text() {
    try (InputStream in = RulesSchema.class.getResourceAsStream(RESOURCE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes the schema from {@link Rules#infos()}. */
  static String generate() {
    JsonObject root = object();
    root.addProperty("$schema", "https://json-schema.org/draft/2020-12/schema");
    root.addProperty("title", "Rules of headroom check");
    typed(root, "object").addProperty("additionalProperties", false);
    JsonObject properties = object();
    properties.add("$schema", typed(object(), "string"));
    properties.add("profile", oneOf(Arrays.stream(Profile.values()).map(Profile::id).toList()));
    properties.add("fail_on", oneOf(List.of("error", "warning", "never")));
    JsonObject only = typed(object(), "array");
    only.addProperty("description", "only these rules are applied");
    only.add("items", oneOf(Rules.ids()));
    properties.add("only", only);
    JsonObject rules = typed(object(), "object");
    rules.addProperty("additionalProperties", false);
    JsonObject each = object();
    Rules.infos().forEach(info -> each.add(info.id(), rule(info)));
    rules.add("properties", each);
    properties.add("rules", rules);
    root.add("properties", properties);
    return new GsonBuilder()
            .setPrettyPrinting()
            .serializeNulls()
            .disableHtmlEscaping()
            .create()
            .toJson(root)
        + "\n";
  }

  private static JsonObject rule(RuleInfo info) {
    JsonObject settings = typed(object(), "object");
    settings.addProperty("additionalProperties", false);
    JsonObject each = object();
    each.add("severity", severity());
    info.settings().forEach(s -> each.add(s.name(), setting(s)));
    settings.add("properties", each);
    JsonArray ways = new JsonArray();
    ways.add(severity());
    ways.add(settings);
    JsonObject out = object();
    out.addProperty("description", info.finds());
    out.add("oneOf", ways);
    return out;
  }

  private static JsonObject setting(Setting setting) {
    if (setting.kind() == Setting.Kind.AXIS) {
      JsonObject axis = oneOf(Arrays.stream(Axis.values()).map(Axis::word).toList());
      axis.addProperty("description", setting.says());
      axis.addProperty("default", setting.standard().toString());
      return axis;
    }
    boolean text = setting.kind() == Setting.Kind.SCHEDULE;
    boolean whole = setting.kind() == Setting.Kind.WHOLE;
    JsonObject out = typed(object(), text ? "string" : whole ? "integer" : "number");
    out.addProperty("description", setting.says());
    if (!text && setting.low() == Double.MIN_VALUE) {
      out.addProperty("exclusiveMinimum", 0);
    } else if (!text) {
      out.add("minimum", number(setting.low()));
    }
    if (!text && setting.high() < Double.MAX_VALUE) {
      out.add("maximum", number(setting.high()));
    }
    if (!setting.offByDefault()) {
      out.add("default", text ? new JsonPrimitive("") : number((Double) setting.standard()));
    } else {
      out.add("default", JsonNull.INSTANCE);
    }
    return out;
  }

  private static JsonElement number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? new JsonPrimitive((long) value)
        : new JsonPrimitive(value);
  }

  private static JsonObject severity() {
    return oneOf(List.of("off", "info", "warning", "error"));
  }

  private static JsonObject oneOf(Iterable<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    JsonObject out = object();
    out.add("enum", array);
    return out;
  }

  private static JsonObject typed(JsonObject object, String type) {
    object.addProperty("type", type);
    return object;
  }

  private static JsonObject object() {
    return new JsonObject();
  }
}
