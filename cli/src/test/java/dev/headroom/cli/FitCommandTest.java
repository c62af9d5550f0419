package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FitCommandTest {

  private static final String MAP = "n=params,d=toks,loss=final";

  @TempDir Path folder;

  private static JsonObject json(Ran ran) {
    assertEquals(0, ran.code(), ran.err() + ran.out());
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  private static double value(JsonObject fit, String parameter) {
    return fit.getAsJsonObject("parameters").getAsJsonObject(parameter).get("value").getAsDouble();
  }

  @Test
  void recoversALawFromAMappedTable() throws IOException {
    Path points = Samples.chinchilla(folder.resolve("points.csv"), 0, 1);
    JsonObject fit =
        json(Ran.headroom("fit", "chinchilla", points.toString(), "--map", MAP, "--json"));
    assertEquals(1.7, value(fit, "E"), 1e-4);
    assertEquals(.34, value(fit, "a"), 1e-4);
    assertEquals(.28, value(fit, "b"), 1e-4);
    assertEquals("chinchilla", fit.get("law").getAsString());
    assertEquals("converged", fit.get("status").getAsString());
    assertTrue(fit.get("objective").getAsDouble() < 1e-9);
    assertEquals(49, fit.get("points").getAsInt());
    assertEquals(1, fit.get("schema").getAsInt());
    assertEquals(Headroom.VERSION, fit.get("headroom").getAsString());
    assertEquals(
        Set.of("value", "low", "high"),
        fit.getAsJsonObject("parameters").getAsJsonObject("E").keySet());
    assertTrue(fit.get("warnings").isJsonArray());
  }

  @Test
  void fitsOnlyTheRowsThatTheConditionKeeps() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    String[] line = {
      "fit",
      "chinchilla",
      points,
      "--map",
      MAP,
      "--json",
      "--where",
      "C < 1e21 and not (toks < 2e8)"
    };
    JsonObject fit = json(Ran.headroom(line));
    int expected = 0;
    for (double n = 1e7; n < 2e10; n *= 3) {
      for (double d = 1e8; d < 5e11; d *= 4) {
        expected += 6 * n * d < 1e21 && d >= 2e8 ? 1 : 0;
      }
    }
    assertEquals(expected, fit.get("points").getAsInt());
    assertNotEquals(49, expected);
  }

  @Test
  void givesTheSameBootstrapForTheSameSeedOnly() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    String[] line = {
      "fit", "chinchilla", points, "--map", MAP, "--bootstrap", "40", "--json", "--seed", "5"
    };
    Ran first = Ran.headroom(line);
    assertEquals(first.out(), Ran.headroom(line).out());
    line[9] = "6";
    assertNotEquals(json(first).get("parameters"), json(Ran.headroom(line)).get("parameters"));
    JsonObject e = json(first).getAsJsonObject("parameters").getAsJsonObject("E");
    assertTrue(e.get("low").getAsDouble() < e.get("value").getAsDouble());
    assertTrue(e.get("high").getAsDouble() > e.get("value").getAsDouble());
  }

  @Test
  void widensTheIntervalsWithTheLevel() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    JsonObject at50 =
        json(Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--json", "--level", "0.5"));
    JsonObject at99 =
        json(Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--json", "--level", "0.99"));
    JsonObject narrow = at50.getAsJsonObject("parameters").getAsJsonObject("a");
    JsonObject wide = at99.getAsJsonObject("parameters").getAsJsonObject("a");
    assertTrue(wide.get("low").getAsDouble() < narrow.get("low").getAsDouble());
    assertTrue(wide.get("high").getAsDouble() > narrow.get("high").getAsDouble());
  }

  @Test
  void usesTheObjectiveThatIsAskedFor() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    double huber =
        value(json(Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--json")), "a");
    String[] line = {
      "fit", "chinchilla", points, "--map", MAP, "--json", "--objective", "least_squares"
    };
    JsonObject squares = json(Ran.headroom(line));
    assertNotEquals(huber, value(squares, "a"));
    assertEquals(
        "least_squares", squares.getAsJsonObject("settings").get("objective").getAsString());
  }

  @Test
  void fitsTheAnnealingLawWithScheduleTextsInTheOrderOfTheFiles() throws IOException {
    Path a = Samples.annealed(folder.resolve("a.csv"), 4000, 4000, 1e-3);
    Path b = Samples.annealed(folder.resolve("b.csv"), 2000, 2000, 2e-3);
    String[] line = {
      "fit",
      "annealing",
      a.toString(),
      b.toString(),
      "--json",
      "--schedule",
      "cosine(peak=1e-3,total=4000,final=1e-4)",
      "--schedule",
      "cosine(peak=2e-3,total=2000,final=2e-4)"
    };
    JsonObject fit = json(Ran.headroom(line));
    assertEquals(3, value(fit, "L0"), 2e-3);
    assertEquals(.5, value(fit, "A"), 2e-3);
    assertEquals(.6, value(fit, "al"), 5e-3);
    assertEquals(.4, value(fit, "C"), 5e-3);
    Ran one = Ran.headroom("fit", "annealing", a.toString(), b.toString(), "--json");
    assertEquals(value(fit, "C"), value(json(one), "C"), .02, "from the lr columns");
    line[6] = "cosine(peak=2e-3,total=4000,final=1e-4)";
    assertNotEquals(
        3, value(JsonParser.parseString(Ran.headroom(line).out()).getAsJsonObject(), "L0"), 2e-3);
  }

  @Test
  void takesTheParametersOfARunFromItsHeader() throws IOException {
    Path log = Samples.canonical(folder.resolve("run.jsonl"));
    Ran ran = Ran.headroom("fit", "chinchilla", log.toString(), "--json");
    JsonObject columns =
        JsonParser.parseString(ran.out())
            .getAsJsonObject()
            .getAsJsonObject("settings")
            .getAsJsonObject("columns");
    assertEquals("header: params", columns.get("n").getAsString());
    assertEquals("tokens", columns.get("d").getAsString());
    assertEquals(4, ran.code(), "one model size cannot determine A/N^a: " + ran.out());
  }

  @Test
  void readsStandardInput() throws IOException {
    Path points = Samples.chinchilla(folder.resolve("points.csv"), 0, 1);
    InputStream kept = System.in;
    try {
      System.setIn(new ByteArrayInputStream(Files.readAllBytes(points)));
      assertEquals(
          1.7,
          value(json(Ran.headroom("fit", "chinchilla", "-", "--map", MAP, "--json")), "E"),
          1e-4);
    } finally {
      System.setIn(kept);
    }
  }

  @Test
  void drawsTheChartThatIsAskedFor() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    Path svg = folder.resolve("new/fit.svg");
    Path png = folder.resolve("fit.png");
    assertEquals(
        0,
        Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--chart", svg.toString()).code());
    assertTrue(Files.readString(svg).contains("<title>Law chinchilla and its 49 points</title>"));
    assertEquals(
        0,
        Ran.headroom("fit", "chinchilla", points, "--map", MAP, "--chart", png.toString()).code());
    assertEquals((byte) 'P', Files.readAllBytes(png)[1]);
  }

  @Test
  void keepsQuietWhenAsked() throws IOException {
    Path log = folder.resolve("run.jsonl");
    Files.writeString(
        log, Files.readString(Samples.canonical(log)) + "{\"step\":401,\"loss\":NaN}\n");
    assertTrue(Ran.headroom("fit", "power", log.toString()).err().contains("note:"));
    assertEquals("", Ran.headroom("fit", "power", log.toString(), "--quiet").err());
  }

  @Test
  void meetsThePublishedChinchillaFit() throws IOException {
    Path points = Path.of("../../shared/data/chinchilla-fig4/chinchilla_fig4.csv");
    Assumptions.assumeTrue(Files.exists(points), "skipped: " + points + " is not here");
    double[] losses =
        Files.readAllLines(points).stream()
            .skip(1)
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(',') + 1)))
            .sorted()
            .toArray();
    String fifth = "loss < " + losses[losses.length - 5];
    JsonObject fit =
        json(Ran.headroom("fit", "chinchilla", points.toString(), "--json", "--where", fifth));
    assertEquals(240, fit.get("points").getAsInt());
    assertTrue(fit.get("objective").getAsDouble() <= 1.01828e-3, fit.toString());
    assertEquals(.34731, value(fit, "a"), 2e-4);
    assertEquals(.36717, value(fit, "b"), 2e-4);
  }

  private JsonObject known(String... more) throws IOException {
    Path points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2);
    List<String> line = new ArrayList<>();
    line.addAll(List.of("fit", "chinchilla", points.toString(), "--map", MAP, "--json"));
    line.addAll(List.of(more));
    return json(Ran.headroom(line.toArray(new String[0])));
  }

  @Test
  void keepsWhatIsFixedTiedAndBounded() throws IOException {
    JsonObject fit = known("--fix", "a=.34", "--bound", "E=1.75:", "--tie", "b=a");
    assertEquals(.34, value(fit, "a"));
    assertEquals(.34, value(fit, "b"));
    assertTrue(value(fit, "E") >= 1.75);
    assertEquals(46, fit.getAsJsonObject("diagnostics").get("degrees_of_freedom").getAsInt());
  }

  @Test
  void aSharpPriorHoldsAParameter() throws IOException {
    JsonObject fit = known("--prior", "a ~ normal(.4, 1e-6)", "--prior", "A~lognormal(900,1e-6)");
    assertEquals(.4, value(fit, "a"), 1e-4);
    assertEquals(900, value(fit, "A"), .1);
  }

  @Test
  void objectiveTailsWeightsAndIntervalsAreHonoured() throws IOException {
    double heavy = value(known("--objective", "student_t", "--tails", "1"), "a");
    double light = value(known("--objective", "student_t", "--tails", "100"), "a");
    assertNotEquals(heavy, light);
    assertNotEquals(value(known(), "a"), value(known("--weights", "toks"), "a"));
    Set<String> lows = new HashSet<>();
    for (String kind : List.of("covariance", "pairs", "residual", "wild", "profile")) {
      JsonObject fit = known("--interval", kind);
      lows.add(fit.getAsJsonObject("parameters").getAsJsonObject("a").get("low").getAsString());
      assertEquals(kind, fit.getAsJsonObject("settings").get("interval").getAsString());
    }
    assertEquals(5, lows.size());
  }

  @Test
  void drawsAProfileOfEveryParameter() throws IOException {
    Path picture = folder.resolve("profile.svg");
    known("--profile", picture.toString(), "--fix", "a=.34");
    String svg = Files.readString(picture);
    for (String name : List.of("E", "A", "B", "b")) {
      assertTrue(svg.contains(">" + name + "<"), name);
    }
    assertTrue(!svg.contains(">a<"));
  }

  @Test
  void refusesKnowledgeThatCannotBeRead() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), .01, 2).toString();
    for (String[] bad :
        new String[][] {
          {"--fix", "a"},
          {"--fix", "a=x"},
          {"--tie", "=b"},
          {"--bound", "a=1"},
          {"--prior", "a~uniform(0,1)"},
          {"--fix", "q=1"},
          {"--profile", "file.txt"}
        }) {
      Ran ran = Ran.headroom("fit", "chinchilla", points, "--map", MAP, bad[0], bad[1]);
      assertEquals(2, ran.code(), bad[1] + ran.err());
      assertTrue(ran.err().contains("(expected: "), ran.err());
    }
  }

  @Test
  void fitsAFormulaGivenAsText() throws IOException {
    String points = Samples.chinchilla(folder.resolve("points.csv"), 0, 1).toString();
    String[] line = {
      "fit",
      "own: E + A/N^a + B/D^b",
      points,
      "--vars",
      "N=params,D=toks",
      "--map",
      "loss=final",
      "--json"
    };
    JsonObject fit = json(Ran.headroom(line));
    assertEquals("E + A/N^a + B/D^b", fit.get("formula").getAsString());
    assertEquals(.34, value(fit, "a"), 1e-4);
    List<String> longer = new ArrayList<>(List.of(line));
    longer.addAll(List.of("--start", "E=1.5,A=300,B=300,a=.3", "--start", "b=.3,b=.5"));
    assertEquals(.28, value(json(Ran.headroom(longer.toArray(new String[0]))), "b"), 1e-4);
    line[1] = "own: E + A/N^a) + B/D^b";
    Ran wrong = Ran.headroom(line);
    assertEquals(2, wrong.code());
    assertTrue(wrong.err().contains("formula: unexpected ')' at 10 (expected: "), wrong.err());
    line[1] = "chinchilla";
    assertTrue(Ran.headroom(line).err().contains("--vars: given for chinchilla"));
  }

  @Test
  void helpShowsEveryLaw() {
    String help = Ran.headroom("fit", "--help").out();
    for (Law law : Laws.all()) {
      String name = law.name().replaceAll(":.*", ":");
      assertTrue(help.contains("\n  " + name), name);
    }
  }
}
