package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchNumberLossesTest {
  @TempDir Path folder;

  private List<String> words(Path runs, String... more) throws IOException {
    Path corpus = folder.resolve("eggs.txt");
    Files.writeString(corpus, "Of 37 eggs 12 were sold for 4 dollars.\n".repeat(60));
    List<String> words = new ArrayList<>(List.of("bench", "--number-losses", "gaussian:1,z-loss"));
    words.addAll(List.of("--corpus", corpus.toString(), "--runs", runs.toString()));
    words.addAll(List.of("--steps", "2", "--width", "4", "--layers", "1", "--context", "8"));
    words.addAll(List.of("--batch", "2", "--numbers", "4", "--threads", "1", "--seeds", "2"));
    words.addAll(List.of(more));
    return words;
  }

  @Test
  void writesTablesJsonPageAndPictureOfTheSameRuns() throws IOException {
    Path runs = folder.resolve("runs.jsonl");
    Path page = folder.resolve("page.md");
    Path picture = folder.resolve("picture.svg");
    List<String> words = words(runs, "--markdown", page.toString(), "--chart", picture.toString());
    Ran ran = Ran.headroom(words.toArray(new String[0]));
    assertEquals(0, ran.code(), ran.err());
    assertFalse(ran.hasTrace(), ran.err());
    assertTrue(ran.err().contains("gaussian:1, seed 2: held-out 7."), ran.err());
    assertEquals(6, Files.readAllLines(runs).size());
    assertTrue(ran.out().contains("\ncross-entropy  "), ran.out());
    assertTrue(ran.out().contains("\nz-loss:0.0001  "), ran.out());
    assertTrue(ran.out().contains("\nalways 4  "), ran.out());
    String text = Files.readString(page);
    assertTrue(text.startsWith("# Losses on numbers, compared by `headroom bench --number-losses"));
    assertTrue(text.contains("    ./headroom bench --number-losses gaussian:1,z-loss --corpus "));
    assertTrue(
        text.contains(
            "of o200k that occur in the text, and all number tokens), width 4, 1 layer, context 8, batch 2, 2 steps, cosine("),
        text);
    assertTrue(text.contains("\n| loss | mean abs. error | median abs. error | relative"), text);
    assertTrue(Files.readString(picture).contains(">gaussian:1</text>"));
    assertTrue(Files.readString(picture).contains("held-out text of eggs.txt</text>"));

    words.add("--json");
    Ran again = Ran.headroom(words.toArray(new String[0]));
    assertEquals(0, again.code(), again.err());
    assertEquals("", again.err());
    JsonObject json = JsonParser.parseString(again.out()).getAsJsonObject();
    JsonObject gaussian = json.getAsJsonArray("losses").get(1).getAsJsonObject();
    assertEquals("gaussian:1", gaussian.get("loss").getAsString());
    JsonObject heldOut = gaussian.getAsJsonObject("heldOutNats");
    double one = heldOut.getAsJsonArray("values").get(0).getAsDouble();
    double two = heldOut.getAsJsonArray("values").get(1).getAsDouble();
    assertEquals((one + two) / 2, heldOut.get("mean").getAsDouble(), 1e-12);
    // t(0.975, 1) = 12.706
    double half = 12.7062047 * Math.abs(one - two) / 2;
    assertEquals(half, heldOut.get("high").getAsDouble() - (one + two) / 2, 1e-6);
    JsonObject base = json.getAsJsonArray("losses").get(0).getAsJsonObject();
    double mean = base.getAsJsonObject("heldOutNats").get("mean").getAsDouble();
    assertEquals((one + two) / 2 - mean, heldOut.get("difference").getAsDouble(), 1e-12);
  }

  @Test
  void refusesALossThatIsNone() throws IOException {
    List<String> words = words(folder.resolve("none.jsonl"));
    words.set(2, "gauss");
    Ran ran = Ran.headroom(words.toArray(new String[0]));
    assertEquals(2, ran.code());
    assertTrue(ran.err().contains("--number-loss: gauss (expected: KIND:WEIGHT"), ran.err());
    assertFalse(Files.exists(folder.resolve("none.jsonl")));
  }
}
