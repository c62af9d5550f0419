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

class BenchSphericalTest {
  @TempDir Path folder;

  private List<String> words(String losses, String... more) throws IOException {
    Path corpus = folder.resolve("eggs.txt");
    Files.writeString(corpus, "Of 37 eggs 12 were sold for 4 dollars.\n".repeat(60));
    List<String> words = new ArrayList<>(List.of("bench", "--spherical", losses));
    words.addAll(List.of("--corpus", corpus.toString(), "--steps", "2", "--width", "4"));
    words.addAll(List.of("--layers", "1", "--context", "8", "--batch", "2", "--threads", "1"));
    words.addAll(List.of("--seeds", "2", "--runs", folder.resolve("runs.jsonl").toString()));
    words.addAll(List.of(more));
    return words;
  }

  private static Ran ran(List<String> words) {
    return Ran.headroom(words.toArray(new String[0]));
  }

  @Test
  void writesTablesJsonPageAndPictureOfTheSameRuns() throws IOException {
    Path page = folder.resolve("page.md");
    Path picture = folder.resolve("picture.svg");
    List<String> words = words("z:0.1:10,taylor", "--peaks", "1e-3,1e-2");
    words.addAll(List.of("--markdown", page.toString(), "--chart", picture.toString()));
    Ran ran = ran(words);
    assertEquals(0, ran.code(), ran.err());
    assertFalse(ran.hasTrace(), ran.err());
    assertTrue(ran.err().contains("taylor, seed 2, cosine(peak=0.0"), ran.err());
    assertTrue(ran.out().contains("\nsoftmax  "), ran.out());
    assertTrue(ran.out().contains("peak 0.001  "), ran.out());
    String text = Files.readString(page);
    assertTrue(
        text.startsWith("# Spherical heads, compared by `headroom bench --spherical`"), text);
    assertTrue(
        text.contains("| loss | top-1, % | top-5, % | top-1 by o, % | step, ms | head"), text);
    assertTrue(text.contains("ranks the classes after 256 tokens of held-out text."), text);
    assertTrue(Files.readString(picture).contains(">z:0.1:10</text>"));
    assertEquals(12, Files.readAllLines(folder.resolve("runs.jsonl")).size());

    words.add("--json");
    Ran again = ran(words);
    assertEquals(0, again.code(), again.err());
    assertEquals("", again.err());
    JsonObject json = JsonParser.parseString(again.out()).getAsJsonObject();
    assertEquals(6, json.getAsJsonArray("choices").size());
    JsonObject taylor = json.getAsJsonArray("losses").get(2).getAsJsonObject();
    assertEquals("taylor", taylor.get("loss").getAsString());
    JsonObject step = taylor.getAsJsonObject("stepMillis");
    double one = step.getAsJsonArray("values").get(0).getAsDouble();
    double two = step.getAsJsonArray("values").get(1).getAsDouble();
    assertTrue(one > 0 && two > 0, again.out());
    assertEquals((one + two) / 2, step.get("mean").getAsDouble(), 1e-9);
  }

  @Test
  void aGivenScheduleLeavesNothingToChoose() throws IOException {
    Ran ran = ran(words("z:1:10", "--schedule", "constant(peak=1e-2)"));
    assertEquals(0, ran.code(), ran.err());
    assertFalse(ran.out().contains("Learning rates:"), ran.out());
    assertFalse(ran.err().contains("seed 0"), ran.err());
    assertTrue(ran.err().contains("z:1:10, seed 1, constant(peak=0.01"), ran.err());
  }

  @Test
  void refusesWhatMakesNoSense() throws IOException {
    Ran loss = ran(words("z:1"));
    assertEquals(2, loss.code());
    assertTrue(loss.err().contains("--spherical: z:1 (expected: softmax, z:A:B,"), loss.err());
    Ran peaks = ran(words("z", "--peaks", "0"));
    assertEquals(2, peaks.code());
    assertTrue(peaks.err().contains("--peaks: 0.0 (expected: positive numbers)"), peaks.err());
    Ran both = ran(words("z", "--number-losses", "whole"));
    assertEquals(2, both.code());
    assertTrue(
        both.err().contains("--number-losses, --spherical, --alignment: 2 of them"), both.err());
    assertFalse(Files.exists(folder.resolve("runs.jsonl")));
  }
}
