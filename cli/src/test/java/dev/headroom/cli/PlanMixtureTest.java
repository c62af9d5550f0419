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
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanMixtureTest {

  @TempDir Path folder;
  private Path runs;

  /** qa is 1.5 + 2 exp(-2.5 web), dev 1 + 2.5 exp(-3 code); books help neither. */
  @BeforeEach
  void writeRuns() throws IOException {
    Random random = new Random(4);
    StringBuilder csv = new StringBuilder("web,code,books,qa,dev\n");
    for (int i = 0; i <= 5; i++) {
      for (int j = 0; i + j <= 5; j++) {
        double qa = 1.5 + 2 * Math.exp(-.5 * i);
        double dev = 1 + 2.5 * Math.exp(-.6 * j);
        csv.append(
            String.format(
                Locale.ROOT,
                "%.1f,%.1f,%.1f,%.8f,%.8f%n",
                i / 5.,
                j / 5.,
                (5 - i - j) / 5.,
                qa * Math.exp(.002 * random.nextGaussian()),
                dev * Math.exp(.002 * random.nextGaussian())));
      }
    }
    runs = Files.writeString(folder.resolve("mixture.csv"), csv);
  }

  private Ran plan(String... more) {
    String[] first = {"plan", runs.toString(), "--mixture", "web,code,books"};
    return Ran.headroom(
        Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(String[]::new));
  }

  private static JsonObject mixture(Ran ran) {
    assertEquals(0, ran.code(), ran.err() + ran.out());
    return JsonParser.parseString(ran.out()).getAsJsonObject().getAsJsonObject("mixture");
  }

  private static double share(JsonObject mixture, String domain, String part) {
    return mixture.getAsJsonObject("proportions").getAsJsonObject(domain).get(part).getAsDouble();
  }

  @Test
  void findsTheMixtureForATarget() {
    JsonObject mixture = mixture(plan("--target", "qa=0.7,dev=0.3", "--json"));
    double web = (Math.log(.7 * 2 * 2.5 / (.3 * 2.5 * 3)) + 3) / 5.5;
    assertEquals(web, share(mixture, "web", "value"), .02);
    assertTrue(share(mixture, "web", "low") < web && web < share(mixture, "web", "high"));
    assertTrue(share(mixture, "books", "value") < .02);
    assertEquals(.6, share(mixture, "web", "best_run"), 1e-9);
    assertTrue(mixture.getAsJsonObject("gain").get("value").getAsDouble() > 0);
    assertTrue(mixture.get("outside_hull").getAsDouble() < .005);
    JsonObject other = mixture(plan("--target", "qa=0.1,dev=0.9", "--json"));
    assertTrue(share(other, "web", "value") < share(mixture, "web", "value") - .2);
    Ran text = plan("--target", "qa=0.7,dev=0.3");
    assertTrue(text.out().contains("gain") && text.out().contains("best run: row"), text.out());
  }

  @Test
  void heedsBoundsLevelSeedAndBootstrap() {
    String[] all = {"--target", "qa=0.7,dev=0.3", "--json"};
    JsonObject mixture = mixture(plan(with(all, "--bound", "web=:0.4", "--bound", "books=0.1:")));
    assertEquals(.4, share(mixture, "web", "value"), 1e-9);
    assertEquals(.1, share(mixture, "books", "value"), 1e-9);
    double low = share(mixture(plan(all)), "web", "low");
    for (String[] more :
        new String[][] {{"--level", "0.5"}, {"--seed", "2"}, {"--bootstrap", "50"}}) {
      assertNotEquals(low, share(mixture(plan(with(all, more))), "web", "low"), more[0]);
    }
  }

  private static String[] with(String[] first, String... more) {
    return Stream.concat(Arrays.stream(first), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void warnsWhereTheMixtureIsAnExtrapolation() {
    Ran ran = plan("--target", "qa=0.7,dev=0.3", "--where", "books > 0.15");
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.err().contains("warning: the mixture lies outside the hull"), ran.err());
    assertFalse(plan("--target", "qa=0.7,dev=0.3").err().contains("hull"));
  }

  @Test
  void refusesWhatItCannotPlan() throws IOException {
    String[] target = {"--target", "qa=0.7,dev=0.3"};
    String[][] bad = {
      {"--target: not given"},
      {"--target: qa", "--target", "qa"},
      {"--target: dev=-1", "--target", "qa=1,dev=-1"},
      {"loss_x", "--target", "loss_x=1"},
      with(new String[] {"--flops: given with --mixture"}, with(target, "--flops", "1e23")),
      with(new String[] {"--map: given with --mixture"}, with(target, "--map", "loss=qa")),
      with(new String[] {"--bound: math=0:1"}, with(target, "--bound", "math=0:1")),
      with(new String[] {"--bound: web=0.1"}, with(target, "--bound", "web=0.1")),
      with(
          new String[] {"lower ones sum to 1.2"},
          with(target, "--bound", "web=0.6:", "--bound", "code=0.6:"))
    };
    for (String[] line : bad) {
      Ran ran = plan(Arrays.copyOfRange(line, 1, line.length));
      assertEquals(2, ran.code(), line[0] + ": " + ran.err());
      assertTrue(ran.err().contains(line[0]), ran.err());
      assertFalse(ran.hasTrace(), ran.err());
    }
    Ran half = Ran.headroom("plan", runs.toString(), "--mixture", "web,code", "--target", "qa=1");
    assertEquals(2, half.code());
    assertTrue(half.err().contains("row 1 proportions: [0.0, 0.0] sum to 0.0"), half.err());
    Ran few = plan(with(target, "--where", "books > 0.75"));
    assertEquals(4, few.code());
    assertTrue(few.err().contains("runs: 3 (expected: at least 4"), few.err());
  }
}
