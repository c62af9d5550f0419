package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {

  @TempDir Path folder;

  /** A shell script that answers as Python would; every head but torch-ce runs out of memory. */
  private String fakePython() throws IOException {
    Path file = folder.resolve("python");
    Files.writeString(
        file,
        """
        #!/bin/sh
        echo "ready PyTorch 9.9, Python 3.99"
        while read -r word name; do
          case "$word $name" in
            "run torch-ce") echo "done 0.5 3.5 1048576" ;;
            run*) echo "error out of memory" ;;
            *) echo ok ;;
          esac
        done
        """);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file.toString();
  }

  private static List<JsonObject> rows(JsonObject json, String name) {
    List<JsonObject> rows = new ArrayList<>();
    for (JsonElement row : json.getAsJsonArray(name)) {
      rows.add(row.getAsJsonObject());
    }
    return rows;
  }

  private static JsonObject row(JsonObject json, String name, String head) {
    return rows(json, name).stream()
        .filter(row -> row.get("head").getAsString().equals(head))
        .findFirst()
        .orElseThrow();
  }

  private static Ran bench(String... more) {
    List<String> words = new ArrayList<>(List.of("bench", "--shape", "9,4,30"));
    words.addAll(List.of(more));
    Ran ran = Ran.headroom(words.toArray(new String[0]));
    assertEquals(0, ran.code(), ran.err());
    assertFalse(ran.hasTrace(), ran.err());
    return ran;
  }

  @Test
  void writesAllHeadsAsJson() throws IOException {
    Ran ran = bench("--json", "--rounds", "1", "--python", fakePython());
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    assertEquals("PyTorch 9.9, Python 3.99", json.get("peer").getAsString());
    JsonObject plain = row(json, "results", "djl-plain");
    assertEquals(1.0, plain.get("speedup").getAsDouble());
    JsonObject torch = row(json, "results", "torch-ce");
    assertEquals("9,4,30", torch.get("shape").getAsString());
    assertEquals("logits", torch.get("engine").getAsString());
    assertEquals(0.5, torch.get("seconds").getAsDouble());
    assertEquals(1048576, torch.get("peakExtraBytes").getAsLong());
    assertTrue(torch.get("lossError").getAsDouble() < 0.5);
    JsonObject failed = row(json, "results", "torch-lce-chunked-bf16");
    assertTrue(failed.get("seconds").isJsonNull() && failed.get("lossError").isJsonNull());
    assertEquals("failed: out of memory", failed.get("note").getAsString());
    JsonObject rate = row(json, "roofline", "torch-ce");
    assertEquals(6.0 * 9 * 4 * 30 / 0.5 / 1e9, rate.get("gflops").getAsDouble(), 1e-15);
    double products = rate.get("productSeconds").getAsDouble();
    assertTrue(products > 0, rate.toString());
    assertEquals(0.5 / products, rate.get("ratio").getAsDouble(), 1e-9 / products);
    assertEquals(6.0 * 9 * 4 * 30 / products / 1e9, rate.get("productGflops").getAsDouble(), 1e-9);
    assertTrue(row(json, "roofline", "torch-lce").get("ratio").isJsonNull());
    assertEquals(1, json.get("rounds").getAsInt());
    assertEquals(9, json.getAsJsonObject("lossRows").get("9,4,30").getAsInt());
  }

  @Test
  void goesOnWithANoteWhereThereIsNoPython() {
    String absent = folder.resolve("absent").toString();
    Ran ran = bench("--rounds", "1", "--python", absent);
    assertTrue(ran.out().contains("PyTorch's own heads are left out: " + absent), ran.out());
    assertTrue(ran.out().contains("headroom-fused"), ran.out());
    assertTrue(ran.out().contains("bare products GFLOP/s  time / products\n"), ran.out());
    assertFalse(ran.out().contains("torch-ce"), ran.out());
    JsonObject json =
        JsonParser.parseString(bench("--json", "--rounds", "1", "--python", absent).out())
            .getAsJsonObject();
    assertNull(json.get("peer"));
    assertEquals(1, json.getAsJsonArray("notes").size());
  }

  @Test
  void writesAPageWithTheCommandTheMachineAndTheTables() throws IOException {
    Path page = folder.resolve("my page.md");
    Ran ran =
        bench("--json", "--rounds", "1", "--python", fakePython(), "--markdown", page.toString());
    String text = Files.readString(page);
    assertTrue(text.startsWith("# Heads measured by `headroom bench`, 20"), text);
    String command = "    ./headroom bench --shape 9,4,30 --json --rounds 1 --python ";
    assertTrue(text.contains("\n\n" + command), text);
    assertTrue(text.contains(" --markdown '" + page + "'\n"), text);
    assertTrue(text.contains("; median of 1 round after 1"), text);
    assertTrue(text.contains(", PyTorch's heads: PyTorch 9.9, Python 3.99."), text);
    assertTrue(text.contains("\n| 9,4,30 | torch-ce | logits | 0.500 | "), text);
    assertTrue(text.contains("\n| shape | head | GFLOP/s | "), text);
    assertTrue(text.contains("\n- 9,4,30 torch-lce: failed: out of memory\n"), text);
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    assertTrue(text.contains(", DJL " + version(json, "DJL") + ", "), text);
    assertEquals(System.getProperty("java.version"), version(json, "Java"));
    if (json.has("cpu")) {
      assertTrue(text.contains(json.get("cpu").getAsString() + ", "), text);
    }
    if (json.has("commit")) {
      assertTrue(text.contains("Commit " + json.get("commit").getAsString() + ". "), text);
    }
  }

  private static String version(JsonObject json, String name) {
    return json.getAsJsonObject("versions").get(name).getAsString();
  }

  @Test
  void saysNothingOfPythonWhereNoneIsWanted() {
    Ran ran = bench("--rounds", "1", "--python", "none");
    assertFalse(ran.out().contains("PyTorch"), ran.out());
  }

  @Test
  void looksForPythonInTheOptionThenTheVariableThenThePath() {
    Map<String, String> variable = Map.of("HEADROOM_PYTHON", "/opt/python");
    assertEquals("python3.12", BenchPython.chosen("python3.12", variable));
    assertEquals("/opt/python", BenchPython.chosen(null, variable));
    assertEquals("python3", BenchPython.chosen(null, Map.of()));
    assertEquals("python3", BenchPython.chosen(null, Map.of("HEADROOM_PYTHON", "")));
    assertNull(BenchPython.chosen("none", variable));
    String here = Path.of("bin/python").toAbsolutePath().toString();
    assertEquals(here, BenchPython.chosen("bin/python", variable));
  }

  @Test
  void refusesRoundsAndWorkspacesWithoutSense() {
    Ran rounds = Ran.headroom("bench", "--rounds", "0");
    assertEquals(2, rounds.code());
    assertTrue(rounds.err().contains("--rounds: 0 (expected: 1 to 1000)"), rounds.err());
    Ran workspace = Ran.headroom("bench", "--workspace", "0");
    assertEquals(2, workspace.code());
    assertTrue(workspace.err().contains("--workspace: 0"), workspace.err());
  }
}
