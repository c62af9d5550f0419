package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchAlignmentTest {
  @TempDir Path folder;

  @Test
  void trainsAHealthyAndADivergingRunAndTellsWhatHappened() throws IOException {
    Path corpus = folder.resolve("corpus.txt");
    Files.writeString(corpus, "The quick brown fox jumps over the lazy dog. ".repeat(200));
    Path chart = folder.resolve("chart.svg");
    Path page = folder.resolve("page.md");
    Ran ran =
        Ran.headroom(
            "bench",
            "--alignment",
            "--corpus",
            corpus.toString(),
            "--seeds",
            "1",
            "--steps",
            "60",
            "--width",
            "8",
            "--layers",
            "1",
            "--context",
            "16",
            "--batch",
            "2",
            "--threads",
            "1",
            "--chart",
            chart.toString(),
            "--markdown",
            page.toString(),
            "--json");
    assertEquals(0, ran.code(), ran.err());
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    assertEquals(2, json.getAsJsonArray("runs").size());
    JsonObject healthy = json.getAsJsonArray("runs").get(0).getAsJsonObject();
    JsonObject diverging = json.getAsJsonArray("runs").get(1).getAsJsonObject();
    assertEquals("healthy", healthy.get("kind").getAsString());
    assertEquals("diverging", diverging.get("kind").getAsString());
    double classes = json.get("classes").getAsDouble();
    double last = healthy.get("lastLoss").getAsDouble();
    assertTrue(last < 0.9 * Math.log(classes), ran.out());
    assertTrue(Files.readString(chart).contains("layer0.down"));
    assertTrue(Files.readString(page).contains("| diverging | 1 | "), Files.readString(page));
  }
}
