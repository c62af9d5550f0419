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
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {

  @TempDir Path folder;

  /** Losses e + k x^-a from 1e3 to 1e7. */
  private String power(String name, double e, double k, double a, double noise) throws IOException {
    Random random = new Random(name.hashCode());
    StringBuilder csv = new StringBuilder("x,loss\n");
    for (double x = 1e3; x < 1.1e7; x *= 1.4) {
      double loss = (e + k * Math.pow(x, -a)) * Math.exp(noise * random.nextGaussian());
      csv.append(String.format(Locale.ROOT, "%.6e,%.10f%n", x, loss));
    }
    return Files.writeString(folder.resolve(name), csv).toString();
  }

  private static JsonObject json(Ran ran) {
    assertEquals(0, ran.code(), ran.err() + ran.out());
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  private static double number(JsonObject json, String name, String part) {
    return json.getAsJsonObject(name).get(part).getAsDouble();
  }

  @Test
  void findsWhereCurvesCross() throws IOException {
    // 2 + 8 x^-.3 = 1.9 + 9 x^-.3 at x^.3 = 10.
    String first = power("a.csv", 2, 8, .3, .0005);
    String second = power("b.csv", 1.9, 9, .3, .0005);
    String[] line = {"compare", "power", first, second, "--json", "--at", "1e6", "--at", "1e7"};
    JsonObject result = json(Ran.headroom(line));
    double truth = Math.pow(10, 1 / .3);
    assertEquals(truth, number(result, "crossing", "value"), .3 * truth);
    assertTrue(number(result, "crossing", "low") < truth);
    assertTrue(number(result, "crossing", "high") > truth);
    assertEquals(-.1, number(result, "asymptote_difference", "value"), .02);
    assertTrue(number(result, "asymptote_difference", "high") < 0);
    JsonObject at = result.getAsJsonArray("at").get(0).getAsJsonObject();
    double difference = -.1 + Math.pow(1e6, -.3);
    assertEquals(difference, number(at, "loss_difference", "value"), .003);
    assertTrue(number(at, "scale_multiplier", "value") < 1);
    double loss = 2 + 8 * Math.pow(1e6, -.3);
    double needed = Math.pow(9 / (loss - 1.9), 1 / .3) / 1e6;
    assertEquals(needed, number(at, "scale_multiplier", "value"), .1 * needed);
    assertEquals(2, result.getAsJsonArray("at").size());
    assertTrue(
        Ran.headroom("compare", "power", first, second).out().contains("the curves cross at"));
  }

  @Test
  void saysThatCurvesDoNotCross() throws IOException {
    String first = power("a.csv", 2, 8, .3, .0005);
    String second = power("c.csv", 2.2, 9, .3, .0005);
    Ran ran = Ran.headroom("compare", "power", first, second, "--to", "1e12");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("do not cross up to 1.00e+12"), ran.out());
    JsonObject result = json(Ran.headroom("compare", "power", first, second, "--json"));
    assertTrue(result.getAsJsonObject("crossing").get("value").isJsonNull());
    JsonObject at = result.getAsJsonArray("at").get(0).getAsJsonObject();
    assertTrue(at.getAsJsonObject("scale_multiplier").get("value").isJsonNull(), "never reached");
  }

  @Test
  void givesComputeAndDataMultipliersOfJointLaws() throws IOException {
    String points = Samples.chinchilla(folder.resolve("p.csv"), .001, 3).toString();
    String again = Samples.chinchilla(folder.resolve("q.csv"), .001, 4).toString();
    JsonObject result =
        json(
            Ran.headroom(
                "compare",
                "chinchilla",
                points,
                again,
                "--map",
                "n=params,d=toks,loss=final",
                "--at",
                "1e21",
                "--json",
                "--bootstrap",
                "40"));
    JsonObject at = result.getAsJsonArray("at").get(0).getAsJsonObject();
    for (String name : new String[] {"scale_multiplier", "data_multiplier"}) {
      assertEquals(1, number(at, name, "value"), .06);
      assertTrue(number(at, name, "low") < 1.03 && number(at, name, "high") > .97);
    }
  }

  @Test
  void refusesComparisonsWithoutSense() throws IOException {
    String first = power("a.csv", 2, 8, .3, .001);
    String[][] bad = {
      {"--at: -1", "compare", "power", first, first, "--at", "-1"},
      {"scales", "compare", "power", first, first, "--to", "1"},
      {"law: nope", "compare", "nope", first, first},
      {"SECOND", "compare", "power", first}
    };
    for (String[] line : bad) {
      Ran ran = Ran.headroom(java.util.Arrays.copyOfRange(line, 1, line.length));
      assertEquals(2, ran.code(), line[0] + ": " + ran.err());
      assertTrue(ran.err().contains(line[0]), ran.err());
      assertFalse(ran.hasTrace(), ran.err());
    }
    assertEquals(3, Ran.headroom("compare", "power", first, "absent.csv").code());
    Path few = Files.writeString(folder.resolve("few.csv"), "x,loss\n1,3\n2,2.5\n");
    assertEquals(4, Ran.headroom("compare", "power", first, few.toString()).code());
  }
}
