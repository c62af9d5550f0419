package dev.headroom.cli.verdict;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.headroom.cli.Headroom;
import dev.headroom.cli.Json;
import dev.headroom.scaling.check.Finding;
import dev.headroom.scaling.check.baseline.Comparison;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** JSON as {@code check-1.schema.json}, beside this class, describes it. */
public final class JsonReport {
  private JsonReport() {}

  static String text(List<Judged> runs) {
    JsonObject json = new JsonObject();
    json.addProperty("headroom", Headroom.VERSION);
    json.addProperty("schema", 1);
    json.addProperty("command", "check");
    add(json, runs);
    return Json.text(json);
  }

  /** Adds the worst verdict and all runs to a document. */
  public static void add(JsonObject json, List<Judged> runs) {
    Judged.Outcome worst =
        runs.stream()
            .map(Judged::outcome)
            .max(Comparator.naturalOrder())
            .orElse(Judged.Outcome.PASS);
    json.addProperty("verdict", word(worst));
    JsonArray array = new JsonArray();
    for (Judged run : runs) {
      JsonObject one = new JsonObject();
      add(one, run);
      array.add(one);
    }
    json.add("runs", array);
  }

  /** Adds what is known of one run to an object. */
  public static void add(JsonObject json, Judged run) {
    json.addProperty("run", run.run());
    json.addProperty("verdict", word(run.outcome()));
    if (run.outcome() == Judged.Outcome.UNREADABLE) {
      json.addProperty("problem", run.problem());
      return;
    }
    json.add("rules", Json.texts(run.rules()));
    json.addProperty("points", run.extent().points());
    json.addProperty("firstStep", run.extent().firstStep());
    json.addProperty("lastStep", run.extent().lastStep());
    json.add("lastLoss", Json.number(run.extent().lastLoss()));
    JsonArray findings = new JsonArray();
    run.findings().forEach(f -> findings.add(finding(f)));
    json.add("findings", findings);
    json.add("notes", Json.texts(run.notes()));
    run.baseline().ifPresent(b -> json.add("baseline", baseline(b)));
  }

  private static JsonObject finding(Finding finding) {
    JsonObject one = new JsonObject();
    one.addProperty("rule", finding.rule());
    one.addProperty("severity", finding.severity().word());
    one.addProperty("step", finding.step());
    one.addProperty("message", finding.message());
    return one;
  }

  private static JsonObject baseline(Comparison c) {
    JsonObject one = new JsonObject();
    one.addProperty("verdict", c.outcome().word());
    one.addProperty("outcome", c.outcome().name().toLowerCase(Locale.ROOT));
    one.add("percent", Json.number(100 * c.size()));
    one.add("lowPercent", Json.number(100 * c.low()));
    one.add("highPercent", Json.number(100 * c.high()));
    one.addProperty("shape", c.shape());
    one.add("p", Json.number(c.p()));
    one.addProperty("goldenRuns", c.goldenRuns());
    one.add("degreesOfFreedom", Json.number(c.degrees()));
    one.addProperty("points", c.points());
    one.add("effectivePoints", Json.number(c.effectiveParts()));
    one.addProperty("looks", c.looks());
    one.add("effectiveLooks", Json.number(c.effectiveLooks()));
    one.add("detectablePercent", Json.number(100 * c.detectable()));
    one.addProperty("moreGoldenRuns", c.moreGolden());
    one.addProperty("lastCompared", c.lastStep());
    one.addProperty("message", c.message());
    one.add("notes", Json.texts(c.notes()));
    return one;
  }

  private static String word(Judged.Outcome outcome) {
    return outcome.name().toLowerCase(Locale.ROOT);
  }
}
