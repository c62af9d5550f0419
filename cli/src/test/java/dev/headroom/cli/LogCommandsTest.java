package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.headroom.scaling.check.RuleInfo;
import dev.headroom.scaling.check.Rules;
import dev.headroom.scaling.check.RulesSchema;
import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogCommandsTest {

  @TempDir Path folder;

  private static JsonObject json(Ran ran) {
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  @Test
  void forecastsARunFromItsFirstHalfAndASibling() throws IOException {
    Path run = annealed(folder.resolve("run.csv"), 4000, 4000, 1e-3);
    Path sibling = annealed(folder.resolve("sibling.csv"), 3000, 3000, 1e-3);
    String[] line = {
      "forecast",
      run.toString(),
      "--json",
      "--upto",
      "2000",
      "--schedule",
      "cosine(peak=1e-3,total=4000,final=1e-4)",
      "--sibling",
      sibling.toString(),
      "--sibling-schedule",
      "cosine(peak=1e-3,total=3000,final=1e-4)"
    };
    Ran ran = Ran.headroom(line);
    assertEquals(0, ran.code(), ran.err());
    JsonObject forecast = json(ran).getAsJsonObject("forecast");
    double actual = json(ran).get("actual").getAsDouble();
    assertEquals(4000, forecast.get("step").getAsLong());
    assertEquals(actual, forecast.get("loss").getAsDouble(), .01 * actual);
    assertTrue(forecast.get("low").getAsDouble() <= actual, ran.out());
    assertTrue(forecast.get("high").getAsDouble() >= actual, ran.out());
    assertEquals(.9, forecast.get("level").getAsDouble());
    assertEquals(2000, json(ran).get("lastStep").getAsLong());
    line[4] = "1000";
    assertEquals(1000, json(Ran.headroom(line)).get("lastStep").getAsLong());
  }

  /** A run under a cosine to a tenth of the peak, whose decay wins some 4 % of the loss. */
  private static Path annealed(Path file, int total, int upTo, double peak) throws IOException {
    Schedule schedule = Schedule.parse("cosine(peak=" + peak + ",total=" + total + ",final=10%)");
    Descent descent = Descent.of(schedule, total);
    StringBuilder csv = new StringBuilder("step,loss,lr\n");
    for (int s = 10; s <= upTo; s += 10) {
      double loss = 3 + .5 * Math.pow(descent.area()[s - 1], -.6) - .15 * descent.fall()[s - 1];
      csv.append(s + "," + loss + "," + schedule.lr(s) + "\n");
    }
    return Files.writeString(file, csv);
  }

  @Test
  void takesScheduleAndLastStepFromTheHeaderOfTheLog() throws IOException {
    Path run = Samples.canonical(folder.resolve("run.jsonl"));
    Ran ran = Ran.headroom("forecast", run.toString(), "--json");
    assertEquals(0, ran.code(), ran.err());
    assertEquals(600, json(ran).getAsJsonObject("forecast").get("step").getAsLong());
    Ran nearer = Ran.headroom("forecast", run.toString(), "--json", "--to", "500");
    assertEquals(500, json(nearer).getAsJsonObject("forecast").get("step").getAsLong());
  }

  @Test
  void answersQuestionsAboutTargetSchedulesAndTheBestRest() throws IOException {
    Path run = annealed(folder.resolve("run.csv"), 4000, 4000, 1e-3);
    String own = "cosine(peak=1e-3,total=4000,final=1e-4)";
    String[] line = {
      "forecast",
      run.toString(),
      "--upto",
      "2000",
      "--schedule",
      own,
      "--schedule",
      "constant(peak=1e-3,total=4000)",
      "--target",
      "3.3",
      "--optimise",
      "monotone",
      "--json"
    };
    Ran ran = Ran.headroom(line);
    assertEquals(0, ran.code(), ran.err());
    JsonObject result = json(ran);
    JsonObject other = result.getAsJsonArray("schedules").get(1).getAsJsonObject();
    assertTrue(other.get("difference").getAsDouble() > 0, ran.out());
    assertTrue(other.get("differenceLow").getAsDouble() > 0, ran.out());
    long step = result.getAsJsonObject("target").get("step").getAsLong();
    assertTrue(step > 2000 && step <= 4000, ran.out());
    assertTrue(result.getAsJsonObject("proposal").get("difference").getAsDouble() <= 0, ran.out());
    assertEquals(4, result.getAsJsonObject("forecast").getAsJsonArray("bands").size(), ran.out());
    String text = Ran.headroom(Arrays.copyOf(line, line.length - 1)).out();
    assertTrue(text.contains("of 289 forecasts of this kind (alone)"), text);
    assertTrue(text.contains("less A: +"), text);
    line[9] = "1.5";
    String never = Ran.headroom(Arrays.copyOf(line, line.length - 1)).out();
    assertTrue(never.contains("never within the schedule's 4000 steps"), never);
    line[11] = "best";
    assertEquals(2, Ran.headroom(line).code());
  }

  @Test
  void takesAScheduleFromAFileOfRates() throws IOException {
    Path run = annealed(folder.resolve("run.csv"), 4000, 4000, 1e-3);
    String[] line = {
      "forecast", run.toString(), "--upto", "2000", "--schedule", run.toString(), "--json"
    };
    JsonObject byFile = json(Ran.headroom(line)).getAsJsonObject("forecast");
    line[5] = "cosine(peak=1e-3,total=4000,final=1e-4)";
    JsonObject byText = json(Ran.headroom(line)).getAsJsonObject("forecast");
    assertEquals(
        byText.get("loss").getAsDouble(),
        byFile.get("loss").getAsDouble(),
        2e-3,
        byFile.toString());
    line[5] = folder.resolve("none.csv").toString();
    assertEquals(3, Ran.headroom(line).code());
  }

  @Test
  void refusesForecastsWithoutSense() throws IOException {
    Path zero = folder.resolve("zero.csv");
    StringBuilder csv = new StringBuilder("step,loss,lr\n");
    for (int s = 10; s <= 1000; s += 10) {
      csv.append(s + "," + (2 + 1.0 / s) + ",0\n");
    }
    Files.writeString(zero, csv);
    Ran noRate = Ran.headroom("forecast", zero.toString(), "--schedule", zero.toString());
    assertEquals(2, noRate.code());
    assertTrue(noRate.err().contains("all zero (expected: a positive rate)"), noRate.err());
    Path nan =
        Files.writeString(
            folder.resolve("nan.csv"), csv.toString().replaceAll(",2\\.[0-9]+", ",NaN"));
    String schedule = "constant(peak=1e-3,total=2000)";
    Ran noLoss = Ran.headroom("forecast", nan.toString(), "--schedule", schedule);
    assertEquals(2, noLoss.code());
    assertTrue(noLoss.err().contains("0 points beyond the warm-up"), noLoss.err());
    Ran past = Ran.headroom("forecast", zero.toString(), "--schedule", schedule, "--to", "500");
    assertEquals(2, past.code());
    Ran shorter =
        Ran.headroom(
            "forecast",
            zero.toString(),
            "--schedule",
            schedule,
            "--schedule",
            "constant(peak=1e-3,total=900)");
    assertEquals(2, shorter.code());
    assertTrue(shorter.err().contains("after the last logged step, 1000"), shorter.err());
  }

  @Test
  void widensTheBandWithTheLevel() throws IOException {
    String run = Samples.canonical(folder.resolve("run.jsonl")).toString();
    JsonObject half = json(Ran.headroom("forecast", run, "--json", "--level", "0.5"));
    JsonObject most = json(Ran.headroom("forecast", run, "--json", "--level", "0.99"));
    assertTrue(
        most.getAsJsonObject("forecast").get("high").getAsDouble()
            > half.getAsJsonObject("forecast").get("high").getAsDouble());
  }

  @Test
  void checksAColumnWithAnOddName() throws IOException {
    StringBuilder csv = new StringBuilder("\"Step\",\"k2, training - lm loss\",\"other\"\n");
    for (int i = 1; i <= 100; i++) {
      csv.append(i + "," + (i == 100 ? "Infinity" : "2." + (200 - i)) + ",7\n");
    }
    Path file = Files.writeString(folder.resolve("wandb.csv"), csv);
    String map = "step=Step,loss=\"k2, training - lm loss\"";
    Ran ran = Ran.headroom("check", file.toString(), "--map", map, "--json");
    assertEquals(1, ran.code(), ran.err());
    assertEquals("fail", json(ran).get("verdict").getAsString());
    Ran other = Ran.headroom("check", file.toString(), "--map", "step=Step,loss=other");
    assertEquals(0, other.code(), other.err());
    Ran before = Ran.headroom("check", file.toString(), "--map", map, "--where", "Step < 100");
    assertEquals(0, before.code(), before.err() + before.out());
  }

  @Test
  void judgesTheFinalLossAgainstABound() throws IOException {
    String run = Samples.canonical(folder.resolve("run.jsonl")).toString();
    assertEquals(0, Ran.headroom("check", run, "--max-loss", "3.5").code());
    Ran ran = Ran.headroom("check", run, "--max-loss", "3.1");
    assertEquals(1, ran.code());
    assertTrue(ran.out().contains("final"), ran.out());
    assertEquals(0, Ran.headroom("check", run, "--max-loss", "3.1", "--rules", "finite").code());
    assertEquals(1, Ran.headroom("check", run, "--max-perplexity", "20").code());
    assertEquals(1, Ran.headroom("check", run, "--max-loss", "3.5", "--at-step", "100").code());
    assertEquals(
        1, Ran.headroom("check", run, "--max-loss", "3.5", "--at-tokens", "204800").code());
  }

  @Test
  void findsTheSpikeOfALog() throws IOException {
    String run = Samples.canonical(folder.resolve("run.jsonl")).toString();
    Ran ran = Ran.headroom("check", run, "--json");
    assertTrue(ran.out().contains("\"rule\": \"spike\""), ran.out());
    Ran without = Ran.headroom("check", run, "--json", "--rules", "finite,divergence");
    assertFalse(without.out().contains("\"rule\": \"spike\""), without.out());
  }

  @Test
  void setsRulesByFileProfileAndFlag() throws IOException {
    String run = Samples.canonical(folder.resolve("run.jsonl")).toString();
    Path file =
        Files.writeString(
            folder.resolve("rules.json"), "{\"rules\": {\"final\": {\"max_loss\": 3.1}}}");
    assertEquals(1, Ran.headroom("check", run, "--rules", file.toString()).code());
    assertEquals(1, Ran.headroom("check", run, "--rules-file", file.toString()).code());
    String[] looser = {"check", run, "--rules", file.toString(), "--set", "final.max_loss=3.5"};
    assertEquals(0, Ran.headroom(looser).code());
    assertEquals(1, Ran.headroom("check", run, "--fail-on", "warning").code());
    assertEquals(0, Ran.headroom("check", run, "--max-loss", "3.1", "--fail-on", "never").code());
    assertEquals(1, Ran.headroom("check", run, "--set", "spike.severity=error").code());
    assertEquals(
        1, Ran.headroom("check", run, "--profile", "smoke", "--set", "final.min_fall=1").code());
  }

  @Test
  void refusesUnknownRulesSettingsAndProfiles() throws IOException {
    String run = Samples.canonical(folder.resolve("run.jsonl")).toString();
    String[][] wrong = {
      {"--set", "spike.mads=0", "spike.mads: 0 (expected: a number above 0)"},
      {"--set", "spike.depth=1", "spike.depth: no such setting (expected: "},
      {"--set", "spike", "--set: spike (expected: RULE.NAME=VALUE"},
      {"--rules", "spikes", "rule: spikes (expected: "},
      {"--profile", "huge", "profile: huge (expected: pretraining, fine-tuning or smoke)"},
      {"--fail-on", "info", "--fail-on: info (expected: error, warning or never)"},
      {"--explain", "spikes", "rule: spikes (expected: "},
    };
    for (String[] line : wrong) {
      Ran ran = Ran.headroom("check", run, line[0], line[1]);
      assertEquals(2, ran.code(), line[1]);
      assertTrue(ran.err().contains(line[2]), ran.err());
    }
    Ran missing = Ran.headroom("check", run, "--rules", folder + "/none.json");
    assertEquals(3, missing.code(), missing.err());
    assertEquals(2, Ran.headroom("check").code());
  }

  @Test
  void explainsEveryRuleFromItsDeclaration() {
    Ran all = Ran.headroom("check", "--explain", "all");
    assertEquals(0, all.code(), all.err());
    JsonObject json = json(Ran.headroom("check", "--explain", "all", "--json"));
    for (RuleInfo info : Rules.infos()) {
      assertTrue(all.out().contains(info.id() + ": " + info.finds()), info.id());
      info.settings().forEach(s -> assertTrue(all.out().contains(info.id() + "." + s.name())));
    }
    assertEquals(Rules.infos().size(), json.getAsJsonArray("rules").size());
    assertEquals(RulesSchema.text(), Ran.headroom("check", "--rules-schema").out());
  }

  @Test
  void saysWhatIsInALog() throws IOException {
    Path run = Samples.canonical(folder.resolve("run.jsonl"));
    JsonObject result = json(Ran.headroom("inspect", run.toString(), "--json"));
    JsonObject file = result.getAsJsonArray("files").get(0).getAsJsonObject();
    assertEquals(400, file.get("rows").getAsInt());
    assertEquals(400, file.getAsJsonObject("run").get("lastStep").getAsLong());
    assertEquals(
        "123456",
        file.getAsJsonObject("run").getAsJsonObject("settings").get("params").getAsString());
    JsonObject validation = file.getAsJsonArray("columns").get(3).getAsJsonObject();
    assertEquals("val_loss", validation.get("name").getAsString());
    assertEquals(8, validation.get("numbers").getAsInt());
    assertEquals(392, validation.get("absent").getAsInt());
    String text = Ran.headroom("inspect", run.toString()).out();
    assertTrue(text.contains("400 points, step 1 to 400"), text);
  }

  @Test
  void saysWhatSeveralRunsHaveInCommon() throws IOException {
    String[] file = new String[3];
    int[][] steps = {{1, 2, 3, 4, 5}, {3, 4, 5, 6}, {8, 9}};
    for (int i = 0; i < 3; i++) {
      StringBuilder log = new StringBuilder("step,loss\n");
      for (int step : steps[i]) {
        log.append(step).append(",3\n");
      }
      file[i] = Files.writeString(folder.resolve("run" + i + ".csv"), log).toString();
    }
    Ran two = Ran.headroom("inspect", file[0], file[1]);
    String line = "\n\n2 runs together: 3 points, step 3 to 5, logged by all\n";
    assertTrue(two.out().endsWith(line), two.out());
    JsonObject json = json(Ran.headroom("inspect", file[0], file[1], "--json"));
    assertEquals(5, json.getAsJsonObject("together").get("lastStep").getAsInt());
    Ran apart = Ran.headroom("inspect", file[0], file[2]);
    assertEquals(0, apart.code(), apart.err());
    assertTrue(apart.out().contains("2 runs together: no; "), apart.out());
  }

  @Test
  void inspectsATableThatIsNoRun() throws IOException {
    Path points = Samples.chinchilla(folder.resolve("points.csv"), 0, 1);
    Ran ran = Ran.headroom("inspect", points.toString());
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("as a run: no"), ran.out());
    assertTrue(ran.out().contains("49 rows, 4 numeric columns"), ran.out());
  }

  @Test
  void findsTheSpikesOfARealRun() {
    Path log = Path.of("../../shared/data/logs-spikes/k2-65b_wandb_export.csv");
    Assumptions.assumeTrue(Files.exists(log), "skipped: " + log + " is not here");
    String map = "step=Step,loss=\"training spikes - lm loss\"";
    Ran ran = Ran.headroom("check", log.toString(), "--map", map, "--json");
    assertTrue(ran.out().contains("\"rule\": \"spike\""), ran.out());
  }
}
