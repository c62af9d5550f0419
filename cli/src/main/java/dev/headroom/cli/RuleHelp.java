package dev.headroom.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.headroom.scaling.check.Profile;
import dev.headroom.scaling.check.RuleInfo;
import dev.headroom.scaling.check.Rules;
import dev.headroom.scaling.check.Setting;
import java.util.List;

/** Explains rules, from their declarations. */
final class RuleHelp {
  private RuleHelp() {}

  private static List<RuleInfo> asked(String id) {
    return id.equals("all") ? Rules.infos() : List.of(Rules.info(id));
  }

  /** Adds the declarations of a rule, or of all. */
  static void json(String id, JsonObject json) {
    JsonArray list = new JsonArray();
    for (RuleInfo info : asked(id)) {
      JsonObject one = new JsonObject();
      one.addProperty("rule", info.id());
      one.addProperty("finds", info.finds());
      one.addProperty("assumes", info.assumes());
      one.addProperty("severity", info.severities());
      one.addProperty("why", info.why());
      one.addProperty("measured", info.measured());
      JsonArray settings = new JsonArray();
      for (Setting setting : info.settings()) {
        JsonObject number = new JsonObject();
        number.addProperty("name", info.id() + "." + setting.name());
        number.add("default", standard(setting));
        number.addProperty("expected", setting.rule());
        number.addProperty("says", setting.says());
        settings.add(number);
      }
      one.add("settings", settings);
      list.add(one);
    }
    json.add("rules", list);
  }

  private static JsonElement standard(Setting setting) {
    if (setting.offByDefault()) {
      return JsonNull.INSTANCE;
    }
    return setting.standard() instanceof Double number
        ? new JsonPrimitive(number)
        : new JsonPrimitive(setting.standard().toString());
  }

  /** Writes the declarations of a rule, or of all. */
  static String text(String id) {
    StringBuilder out = new StringBuilder();
    for (RuleInfo info : asked(id)) {
      out.append(out.length() == 0 ? "" : "\n");
      out.append(info.id()).append(": ").append(info.finds()).append('\n');
      line(out, "assumes", info.assumes());
      line(out, "severity", info.severities());
      line(out, "why", info.why());
      line(out, "measured", info.measured());
      settings(out, info);
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String name, String text) {
    out.append(String.format("  %-9s %s%n", name, text));
  }

  private static void settings(StringBuilder out, RuleInfo info) {
    if (info.settings().isEmpty()) {
      line(out, "settings", info.id() + ".severity only");
      return;
    }
    for (Setting setting : info.settings()) {
      String name = info.id() + "." + setting.name();
      StringBuilder standard = new StringBuilder(Setting.text(setting.standard()));
      for (Profile profile : Profile.values()) {
        Object value = profile.settings().get(name);
        if (value != null) {
          standard.append("; ").append(profile.id()).append(' ').append(Setting.text(value));
        }
      }
      out.append(String.format("  %-24s %s [%s]%n", name, setting.says(), standard));
      out.append(String.format("  %-24s %s%n", "", setting.rule()));
    }
  }
}
