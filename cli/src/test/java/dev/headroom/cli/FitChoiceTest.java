package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code fit auto}, {@code fit isoflop}, {@code --predict} and {@code --influence}. */
class FitChoiceTest {

  private static final String MAP = "n=params,d=toks,loss=final";

  @TempDir Path folder;

  private String points(double noise) throws IOException {
    return Samples.chinchilla(folder.resolve("points.csv"), noise, 5).toString();
  }

  private static JsonObject json(Ran ran) {
    assertEquals(0, ran.code(), ran.err() + ran.out());
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  private static void refused(Ran ran, int code, String part) {
    assertEquals(code, ran.code(), ran.err());
    assertTrue(ran.err().contains(part), ran.err());
    assertFalse(ran.hasTrace(), ran.err());
  }

  @Test
  void choosesTheLawOfTheTable() throws IOException {
    JsonObject result =
        json(Ran.headroom("fit", "auto", points(.002), "--map", MAP, "--json", "-q"));
    assertEquals("chinchilla", result.get("law").getAsString());
    JsonObject choice = result.getAsJsonObject("choice");
    assertTrue(choice.get("cuts").getAsInt() >= 3);
    JsonObject first = choice.getAsJsonArray("laws").get(0).getAsJsonObject();
    assertEquals("chinchilla", first.get("law").getAsString());
    assertTrue(first.get("error_on_larger_runs").getAsDouble() < .02, first.toString());
    assertTrue(choice.get("explanation").toString().contains("chinchilla is chosen"));
    Ran text = Ran.headroom("fit", "auto", points(.002), "--map", MAP);
    assertTrue(text.out().contains("error on larger runs"), text.out());
  }

  @Test
  void predictsWithABandAroundTheTruth() throws IOException {
    Ran ran =
        Ran.headroom(
            "fit",
            "chinchilla",
            points(.002),
            "--map",
            MAP,
            "--json",
            "--predict",
            "n=7e10,d=2e12",
            "--predict",
            "n=1e9,d=1e10");
    JsonObject far = json(ran).getAsJsonArray("predictions").get(0).getAsJsonObject();
    double truth = 1.7 + 400 / Math.pow(7e10, .34) + 410 / Math.pow(2e12, .28);
    assertEquals(truth, far.get("loss").getAsDouble(), .02);
    assertTrue(far.get("low").getAsDouble() < truth && far.get("high").getAsDouble() > truth);
    assertEquals(.95, far.get("level").getAsDouble());
    JsonObject quantiles = far.getAsJsonObject("quantiles");
    assertTrue(quantiles.get("0.25").getAsDouble() < quantiles.get("0.75").getAsDouble());
    assertTrue(far.get("scale_ratio").getAsDouble() > 1);
    assertEquals(2, json(ran).getAsJsonArray("predictions").size());
  }

  @Test
  void refusesAPredictionItCannotRead() throws IOException {
    String points = points(.002);
    String[][] bad = {
      {"n=7e9", "expected: "}, {"n=7e9,d=two", "d=two"}, {"n=7e9,q=1,d=1e9", "expected: "},
      {"n=7e9,n=1e9", "expected: "}, {"n=-7e9,d=-1", "n=-7.0E9 (expected"}, {"", "expected: "}
    };
    for (String[] one : bad) {
      refused(
          Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--predict", one[0]), 2, one[1]);
    }
    refused(
        Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--influence", "-1"),
        2,
        "--influence: -1");
  }

  @Test
  void namesTheRunThatDoesNotFit() throws IOException {
    Path file = Path.of(points(.001));
    Files.writeString(file, "1e10,4e10,9.5,2.4e21\n", java.nio.file.StandardOpenOption.APPEND);
    JsonObject result =
        json(
            Ran.headroom(
                "fit",
                "chinchilla",
                file.toString(),
                "--map",
                MAP,
                "--json",
                "--objective",
                "least_squares_log",
                "--influence",
                "3"));
    JsonObject influence = result.getAsJsonObject("influence");
    assertEquals(3, influence.getAsJsonArray("runs").size());
    JsonObject first = influence.getAsJsonArray("runs").get(0).getAsJsonObject();
    assertEquals(9.5, first.get("loss").getAsDouble());
    assertTrue(first.get("unusual").getAsBoolean());
    assertEquals(50, result.get("points").getAsInt(), "none is dropped");
    Ran text = Ran.headroom("fit", "chinchilla", file.toString(), "--map", MAP, "--influence", "2");
    assertTrue(text.out().contains("none was dropped"), text.out());
  }

  /** Exact losses at five budgets, sizes on both sides of the best one. */
  private String sweep(int budgets) throws IOException {
    StringBuilder csv = new StringBuilder("flops,n,final\n");
    for (int k = 0; k < budgets; k++) {
      double c = 1e18 * Math.pow(8, k);
      for (double n = 1e7; n < 1e11; n *= 1.3) {
        double loss = 1.7 + 400 / Math.pow(n, .34) + 410 / Math.pow(c / 6 / n, .28);
        if (Math.abs(Math.log(n / (.3 * Math.pow(c, .4516)))) < 2) {
          csv.append(String.format(Locale.ROOT, "%.4e,%.8e,%.10f%n", c, n, loss));
        }
      }
    }
    return Files.writeString(folder.resolve("sweep.csv"), csv).toString();
  }

  @Test
  void givesAllThreeApproachesSideBySide() throws IOException {
    Path chart = folder.resolve("isoflop.svg");
    Ran ran =
        Ran.headroom(
            "fit",
            "isoflop",
            sweep(5),
            "--map",
            "loss=final",
            "--json",
            "--chart",
            chart.toString());
    JsonObject result = json(ran);
    assertEquals(4, result.getAsJsonArray("approaches").size(), result.toString());
    for (int k = 0; k < 4; k++) {
      JsonObject approach = result.getAsJsonArray("approaches").get(k).getAsJsonObject();
      double exponent = approach.getAsJsonObject("exponent").get("value").getAsDouble();
      assertEquals(.28 / .62, exponent, .03, approach.toString());
    }
    assertTrue(Files.readString(chart).contains("<title>Loss of each size at each budget</title>"));
    Ran text = Ran.headroom("fit", "isoflop", sweep(5), "--map", "loss=final");
    assertTrue(text.out().contains("3, E + A/N^a + B/D^b"), text.out());
  }

  @Test
  void refusesASweepItCannotUse() throws IOException {
    String two = sweep(2);
    Ran ran = Ran.headroom("fit", "isoflop", two, "--map", "loss=final", "--json");
    assertTrue(json(ran).get("warnings").toString().contains("2 budgets"), ran.out());
    assertEquals(1, json(ran).getAsJsonArray("approaches").size());
    refused(
        Ran.headroom("fit", "isoflop", two, "--map", "loss=final", "--influence", "1"),
        2,
        "given for isoflop");
    refused(Ran.headroom("fit", "isoflop", two, "--map", "c=nope,loss=final"), 2, "nope");
    refused(Ran.headroom("fit", "auto", two, "--map", "loss=final,q=n"), 2, "--map: q");
    String few = Files.writeString(folder.resolve("few.csv"), "x,loss\n1,3\n").toString();
    refused(Ran.headroom("fit", "auto", few), 4, "none fits");
  }
}
