package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {

  private static final String LAW = "E=1.7,A=400,B=410,a=0.34,b=0.28";

  @TempDir Path folder;

  private Ran plan(String... more) throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .004, 3).toString();
    String[] first = {"plan", points, "--map", "n=params,d=toks,loss=final", "--flops", "1e23"};
    return Ran.headroom(
        Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(String[]::new));
  }

  private static JsonObject section(Ran ran, String name) {
    assertEquals(0, ran.code(), ran.err() + ran.out());
    return JsonParser.parseString(ran.out())
        .getAsJsonObject()
        .getAsJsonObject("plan")
        .getAsJsonObject(name);
  }

  private static double number(JsonObject section, String name, String part) {
    return section.getAsJsonObject(name).get(part).getAsDouble();
  }

  @Test
  void findsTheOptimumOfTheLawBehindTheRuns() throws IOException {
    JsonObject optimum = section(plan("--json"), "optimum");
    double g = Math.pow(.34 * 400 / (.28 * 410), 1 / .62);
    double truth = g * Math.pow(1e23 / 6, .28 / .62);
    assertEquals(truth, number(optimum, "params", "value"), .3 * truth);
    assertTrue(number(optimum, "params", "low") < truth);
    assertTrue(number(optimum, "params", "high") > truth);
    double spent = 6 * number(optimum, "params", "value") * number(optimum, "tokens", "value");
    assertEquals(1e23, spent, 1e15);
    assertTrue(number(optimum, "lr", "value") > 1e-5 && number(optimum, "lr", "value") < 1e-2);
    Ran text = plan();
    assertTrue(text.out().contains("1/4 of the size"), text.out());
  }

  @Test
  void heedsBoundsServingAndDataAtHand() throws IOException {
    Ran ran = plan("--json", "--max-params", "3e9", "--serve", "1e13", "--unique", "1e11");
    double free = number(section(ran, "optimum"), "params", "value");
    assertEquals(3e9, number(section(ran, "within_bounds"), "params", "value"));
    assertTrue(number(section(ran, "with_serving"), "params", "value") < free);
    JsonObject limited = section(ran, "limited_data");
    assertTrue(number(limited, "epochs", "value") > 1);
    assertTrue(number(limited, "loss", "value") > number(section(ran, "optimum"), "loss", "value"));
    assertEquals(
        1e11,
        number(section(plan("--json", "--max-tokens", "1e11"), "within_bounds"), "tokens", "value"),
        10);
    assertTrue(
        number(section(plan("--json", "--min-params", "1e12"), "within_bounds"), "params", "value")
            >= 1e12);
  }

  @Test
  void choosesRunsWithinTheirBudget() throws IOException {
    Ran ran = plan("--json", "--runs-budget", "1e20");
    assertEquals(0, ran.code(), ran.err());
    double spent = 0;
    double before = Double.MAX_VALUE;
    for (var run :
        JsonParser.parseString(ran.out()).getAsJsonObject().getAsJsonArray("next_runs")) {
      spent += run.getAsJsonObject().get("flops").getAsDouble();
      double error = run.getAsJsonObject().get("relative_error_after").getAsDouble();
      assertTrue(error < before);
      before = error;
    }
    assertTrue(spent > 1e18 && spent <= 1e20, "" + spent);
    assertTrue(plan("--runs-budget", "1e20").out().contains("error of the forecast"));
  }

  @Test
  void plansWithKnownParameters() {
    Ran ran = Ran.headroom("plan", "--law", LAW, "--flops", "1e23", "--json");
    JsonObject optimum = section(ran, "optimum");
    assertTrue(optimum.getAsJsonObject("params").get("low").isJsonNull());
    double half = number(section(ran, "1_2_of_the_size"), "flops", "value");
    assertTrue(half > 1e23 && half < 1.5e23, "" + half);
    Ran low =
        Ran.headroom(
            "plan", "--law", LAW.replace("0.34", "0.6").replace("0.28", "0.3"), "--flops", "1e23");
    assertTrue(low.out().contains("never reaches that loss"), low.out());
  }

  @Test
  void drawsEqualLossAndEqualBudget() throws IOException {
    Path chart = folder.resolve("plan.svg");
    Ran ran = Ran.headroom("plan", "--law", LAW, "--flops", "1e23", "--chart", chart.toString());
    assertEquals(0, ran.code(), ran.err());
    assertTrue(Files.readString(chart).contains("<title>Equal loss and equal FLOPs</title>"));
  }

  @Test
  void givesOtherIntervalsForAnotherLevelOrSeedOrBootstrap() throws IOException {
    double low = number(section(plan("--json"), "optimum"), "params", "low");
    for (String[] other :
        new String[][] {{"--level", "0.5"}, {"--seed", "2"}, {"--bootstrap", "50"}}) {
      JsonObject optimum = section(plan("--json", other[0], other[1]), "optimum");
      assertNotEquals(low, number(optimum, "params", "low"), other[0]);
    }
  }

  @Test
  void refusesPlansWithoutSense() throws IOException {
    String[][] bad = {
      {"--flops: -1", "plan", "--law", LAW, "--flops", "-1"},
      {"neither", "plan", "--flops", "1e23"},
      {"both", "plan", "x.csv", "--law", LAW, "--flops", "1e23"},
      {"expected: E=", "plan", "--law", "E=1", "--flops", "1e23"},
      {"A: 0.0", "plan", "--law", LAW.replace("400", "0"), "--flops", "1e23"},
      {"--flops: not given", "plan", "--law", LAW},
      {"--target: given without", "plan", "x.csv", "--flops", "1e23", "--target", "a=1"},
      {"--bound: given without", "plan", "x.csv", "--flops", "1e23", "--bound", "a=0:1"},
      {"--runs-budget", "plan", "--law", LAW, "--flops", "1e23", "--runs-budget", "1e20"},
      {"unique tokens", "plan", "--law", LAW, "--flops", "1e23", "--unique", "0"},
      {"--serve", "plan", "--law", LAW, "--flops", "1e23", "--serve", "-1"},
      {
        "room between",
        "plan",
        "--law",
        LAW,
        "--flops",
        "1e23",
        "--max-params",
        "1e9",
        "--max-tokens",
        "1e9"
      }
    };
    for (String[] line : bad) {
      Ran ran = Ran.headroom(Arrays.copyOfRange(line, 1, line.length));
      assertEquals(2, ran.code(), line[0] + ": " + ran.err());
      assertTrue(ran.err().contains(line[0]), ran.err());
      assertFalse(ran.hasTrace(), ran.err());
    }
    assertEquals(3, Ran.headroom("plan", "absent.csv", "--flops", "1e23").code());
    Path few = Files.writeString(folder.resolve("few.csv"), "n,d,loss\n1e8,1e9,3\n");
    assertEquals(4, Ran.headroom("plan", few.toString(), "--flops", "1e23").code());
  }
}
