package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.headroom.cli.verdict.JsonReport;
import dev.headroom.scaling.check.baseline.SyntheticRepeats;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BaselineCommandTest {
  private static final List<Run> REPEATS =
      SyntheticRepeats.configurations(3).get("synthetic 0.04 %");

  @TempDir Path folder;
  private String golden;

  @BeforeEach
  void name() {
    golden = folder.resolve("golden").toString();
  }

  private static JsonObject json(Ran ran) {
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  /** Writes a repeat with its loss multiplied. */
  private String log(int repeat, double factor) throws IOException {
    Run run = REPEATS.get(repeat);
    StringBuilder text = new StringBuilder("step,loss\n");
    for (int i = 0; i < run.size(); i++) {
      text.append(run.step()[i]).append(',').append(factor * run.loss()[i]).append('\n');
    }
    Path file = folder.resolve(String.format(Locale.ROOT, "run-%d-%s.csv", repeat, factor));
    return Files.writeString(file, text).toString();
  }

  private void addFive() throws IOException {
    String[] line = {
      "baseline",
      "add",
      golden,
      log(0, 1),
      log(1, 1),
      log(2, 1),
      log(3, 1),
      log(4, 1),
      "--hardware",
      "h100",
      "--case",
      "small"
    };
    Ran ran = Ran.headroom(line);
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.err().contains("added "), ran.err());
  }

  @Test
  void keepsGoldenRuns() throws IOException {
    addFive();
    Ran list = Ran.headroom("baseline", "list", golden);
    assertTrue(list.out().startsWith("case small\nname "), list.out());
    JsonObject show = json(Ran.headroom("baseline", "show", golden, "--json"));
    JsonArray runs = show.getAsJsonArray("golden");
    assertEquals(5, runs.size());
    assertEquals("h100", runs.get(0).getAsJsonObject().get("hardware").getAsString());
    assertEquals(0, show.getAsJsonArray("apart").size());
    double found = show.get("detectablePercent").getAsDouble();
    assertTrue(found > 0.05 && found < 0.5, show.toString());
    String first = runs.get(0).getAsJsonObject().get("name").getAsString();
    assertEquals(0, Ran.headroom("baseline", "remove", golden, first).code());
    assertFalse(Ran.headroom("baseline", "list", golden).out().contains(first));
  }

  @Test
  void showsAGoldenRunThatStandsApart() throws IOException {
    addFive();
    assertEquals(0, Ran.headroom("baseline", "add", golden, log(5, 1.03)).code());
    Ran show = Ran.headroom("baseline", "show", golden);
    assertTrue(show.out().contains(" stands apart from the others: loss is worse by"), show.out());
  }

  @Test
  void failsARunThatIsWorseThanItsGoldenRuns() throws IOException {
    addFive();
    Ran good = Ran.headroom("check", log(9, 1), "--baseline", golden);
    assertEquals(0, good.code(), good.out());
    assertTrue(good.out().contains("info  baseline at step 2000: loss is equivalent"), good.out());
    Ran bad = Ran.headroom("check", log(9, 1.004), "--baseline", golden, "--json");
    assertEquals(1, bad.code(), bad.out());
    JsonObject baseline = json(bad).getAsJsonObject("baseline");
    assertEquals("different", baseline.get("verdict").getAsString());
    assertEquals("worse", baseline.get("outcome").getAsString());
    assertEquals(0.4, baseline.get("percent").getAsDouble(), 0.1);
    String message = baseline.get("message").getAsString();
    assertTrue(
        message.endsWith("; more than repeats differ, though less than the margin of 0.500 %"));
    assertTrue(baseline.get("lowPercent").getAsDouble() > 0, bad.out());
    assertEquals(5, baseline.get("looks").getAsInt());
    assertTrue(baseline.get("effectiveLooks").getAsDouble() < 5, bad.out());
    Ran better = Ran.headroom("check", log(9, 0.98), "--baseline", golden);
    assertEquals(0, better.code(), better.out());
    assertTrue(better.out().contains("info  baseline at step 2000: loss is better"), better.out());
  }

  @Test
  void warnsWhereItCannotTell() throws IOException {
    String[] line = {"check", log(9, 1.0037), "--baseline", log(0, 1)};
    Ran ran = Ran.headroom(line);
    assertEquals(0, ran.code(), ran.out());
    assertTrue(ran.out().contains("warning  baseline at step 2000: cannot tell"), ran.out());
    Ran strict = Ran.headroom("check", line[1], "--baseline", line[3], "--fail-on", "warning");
    assertEquals(1, strict.code(), strict.out());
    Ran wide = Ran.headroom("check", line[1], "--baseline", line[3], "--baseline-margin", "5");
    assertTrue(wide.out().contains("equivalent within 5.00 %"), wide.out());
  }

  @Test
  void isSetAndGradedAsTheOtherRulesAre() throws IOException {
    addFive();
    Path rules = folder.resolve("rules.json");
    Files.writeString(rules, "{\"rules\": {\"baseline\": {\"severity\": \"warning\"}}}");
    String worse = log(9, 1.004);
    Ran mild = Ran.headroom("check", worse, "--baseline", golden, "--rules", rules.toString());
    assertEquals(0, mild.code(), mild.out());
    assertTrue(mild.out().contains("warning  baseline at step 2000: loss is worse"), mild.out());
    String[] alone = {"check", worse, "--baseline", golden, "--rules", "baseline", "--json"};
    assertEquals("[\"baseline\"]", json(Ran.headroom(alone)).get("rules").toString());
    Ran off = Ran.headroom("check", worse, "--baseline", golden, "--set", "baseline.severity=off");
    assertEquals(0, off.code(), off.out());
    assertFalse(off.out().contains("baseline"), off.out());
    assertTrue(off.err().contains("--baseline is not used"), off.err());
    assertFalse(Ran.headroom("check", worse).out().contains("baseline"), "no golden runs");
    Ran none = Ran.headroom("check", worse, "--rules", "finite,baseline");
    assertEquals(2, none.code());
    assertTrue(none.err().contains("rule baseline: no golden runs (expected: --baseline"));
    String[] set = {"check", log(9, 1), "--baseline", golden, "--set", "baseline.margin=0.01"};
    assertTrue(Ran.headroom(set).out().contains("equivalent within 1.00 %"));
    Ran share = Ran.headroom("check", worse, "--baseline", golden, "--set", "baseline.margin=0.5");
    assertEquals(2, share.code());
    assertTrue(share.err().contains("(expected: a number above 0, at most 0.2)"), share.err());
  }

  @Test
  void takesLogsAndFoldersTogetherAndAllowsForHardware() throws IOException {
    addFive();
    String both = golden + "," + log(5, 1) + "," + log(6, 1);
    Ran ran = Ran.headroom("check", log(9, 1), "--baseline", both, "--json");
    assertEquals(7, json(ran).getAsJsonObject("baseline").get("goldenRuns").getAsInt());
    String worse = log(9, 1.004);
    Ran other = Ran.headroom("check", worse, "--baseline", golden, "--hardware", "b200");
    assertEquals(0, other.code(), other.out());
    assertTrue(other.err().contains("are taken for hardware"), other.err());
    Ran tight =
        Ran.headroom(
            "check",
            worse,
            "--baseline",
            golden,
            "--hardware",
            "b200",
            "--hardware-margin",
            "0.01");
    assertEquals(1, tight.code(), tight.out());
  }

  @Test
  void keepsToTheSchemaOfReports() throws IOException {
    addFive();
    Path report = folder.resolve("report.json");
    Path page = folder.resolve("page.md");
    Path early = folder.resolve("early.csv");
    String tenth =
        Files.readString(Path.of(log(9, 1))).lines().limit(9).reduce("", (a, b) -> a + b + "\n");
    Files.writeString(early, tenth);
    Path nan = folder.resolve("nan.csv");
    Files.writeString(nan, tenth + "1125,NaN\n");
    String both = "json=" + report + ",markdown=" + page;
    String[] line = {
      "check",
      log(8, 1),
      log(9, 1.01),
      early.toString(),
      nan.toString(),
      "--baseline",
      golden,
      "--report",
      both
    };
    assertEquals(1, Ran.headroom(line).code());
    String shown = Files.readString(page);
    assertFalse(shown.contains("### " + log(8, 1)), "as good as golden: the table says it");
    assertTrue(shown.contains("the run ends at step 1000, the golden runs go on"), shown);
    assertTrue(shown.contains("| worse |\n"), shown);
    var schema =
        JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
            .getSchema(JsonReport.class.getResourceAsStream("check-1.schema.json"));
    String text = Files.readString(report);
    assertEquals(List.of(), List.copyOf(schema.validate(text, InputFormat.JSON)), text);
    assertTrue(text.contains("\"effectiveLooks\""), text);
    String broken = text.replace("\"different\"", "\"odd\"");
    assertFalse(schema.validate(broken, InputFormat.JSON).isEmpty());
  }

  @Test
  void tellsWhatCannotBeUsed() throws IOException {
    addFive();
    assertEquals(2, Ran.headroom("baseline", "add", golden).code());
    assertEquals(2, Ran.headroom("baseline", "list", golden, "x").code());
    assertEquals(2, Ran.headroom("baseline", "burn", golden).code());
    assertEquals(2, Ran.headroom("baseline", "add", golden, log(0, 1)).code());
    assertEquals(2, Ran.headroom("baseline", "remove", golden, "x").code());
    assertEquals(2, Ran.headroom("baseline", "add", golden, log(9, Double.NaN)).code());
    assertEquals(3, Ran.headroom("baseline", "list", folder.resolve("no").toString()).code());
    assertEquals(3, Ran.headroom("check", log(9, 1), "--baseline", folder + "/no").code());
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Ran none = Ran.headroom("check", log(9, 1), "--baseline", empty.toString());
    assertEquals(3, none.code());
    assertTrue(none.err().contains("no baseline.json in it"), none.err());
    assertEquals(3, Ran.headroom("check", log(9, 1), "--baseline", log(8, Double.NaN)).code());
    String alpha = "--baseline-alpha=30";
    assertEquals(2, Ran.headroom("check", log(9, 1), "--baseline", golden, alpha).code());
    Files.writeString(Path.of(golden, "baseline.json"), "{\"schema\":1");
    Ran corrupt = Ran.headroom("check", log(9, 1), "--baseline", golden);
    assertEquals(3, corrupt.code());
    assertFalse(corrupt.hasTrace(), corrupt.err());
    assertTrue(corrupt.err().contains("restore it from version control"), corrupt.err());
  }
}
