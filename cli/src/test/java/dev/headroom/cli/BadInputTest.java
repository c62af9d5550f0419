package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BadInputTest {

  @TempDir Path folder;

  private String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  private String run(String tail) throws IOException {
    StringBuilder log = new StringBuilder();
    for (int step = 1; step <= 200; step++) {
      log.append("{\"step\":" + step + ",\"loss\":" + (3 + 5 / Math.sqrt(step)) + "}\n");
    }
    return file("run.jsonl", log + tail);
  }

  private static JsonObject json(Ran ran) {
    return JsonParser.parseString(ran.out()).getAsJsonObject();
  }

  private static void refused(Ran ran, int code, String... parts) {
    assertEquals(code, ran.code(), ran.err() + ran.out());
    for (String part : parts) {
      assertTrue(ran.err().contains(part), "expected '" + part + "' in: " + ran.err());
    }
    assertFalse(ran.hasTrace(), ran.err());
  }

  @Test
  void failsTheCheckOfALogWithNaNAndNamesTheStep() throws IOException {
    Ran ran = Ran.headroom("check", run("{\"step\":201,\"loss\":NaN}\n"), "--json");
    assertEquals(1, ran.code(), ran.err());
    JsonObject result = json(ran);
    assertEquals("fail", result.get("verdict").getAsString());
    JsonObject first = result.getAsJsonArray("findings").get(0).getAsJsonObject();
    assertEquals("finite", first.get("rule").getAsString());
    assertEquals("error", first.get("severity").getAsString());
    assertEquals(201, first.get("step").getAsLong());
    assertFalse(ran.hasTrace());
  }

  @Test
  void leavesNaNRowsOutOfAFitAndSaysHowMany() throws IOException {
    Ran ran = Ran.headroom("fit", "power", run("{\"step\":201,\"loss\":NaN}\n"), "--json");
    assertEquals(0, ran.code(), ran.err());
    assertEquals(200, json(ran).get("points").getAsInt());
    assertTrue(json(ran).get("warnings").toString().contains("1 row left out"), ran.out());
    assertTrue(ran.err().contains("1 row left out"), ran.err());
  }

  @Test
  void tellsOfDuplicateSteps() throws IOException {
    Ran ran = Ran.headroom("check", run("{\"step\":200,\"loss\":3.1}\n"));
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.err().contains("duplicate step"), ran.err());
  }

  @Test
  void tellsOfMissingSteps() throws IOException {
    Ran ran = Ran.headroom("inspect", run("{\"step\":290,\"loss\":3.1}\n"));
    assertEquals(0, ran.code(), ran.err());
    assertTrue(ran.out().contains("steps are missing"), ran.out());
  }

  @Test
  void tellsOfACutLastLineAndKeepsTheRest() throws IOException {
    Ran ran = Ran.headroom("check", run("{\"step\":201,\"lo"), "--json");
    assertEquals(0, ran.code(), ran.err());
    assertEquals(200, json(ran).get("points").getAsInt());
    assertTrue(ran.err().contains("cut"), ran.err());
  }

  @Test
  void namesAColumnThatDoesNotExistAndThoseThatDo() throws IOException {
    String points = file("points.csv", "size,loss\n1,5\n2,4\n4,3.5\n8,3.2\n");
    refused(Ran.headroom("fit", "power", points, "--map", "x=widht"), 2, "widht", "size");
    refused(Ran.headroom("fit", "power", points), 2, "no column for x", "--map x=COLUMN", "size");
    refused(Ran.headroom("fit", "power", points, "--map", "z=size"), 2, "--map: z", "x, loss");
    refused(Ran.headroom("fit", "power", points, "--where", "siz < 3"), 2, "siz", "size");
    refused(Ran.headroom("check", points), 2, "step");
  }

  @Test
  void saysWhenThereAreFewerPointsThanParameters() throws IOException {
    String points = file("points.csv", "n,d,loss\n1e6,1e9,3.5\n2e6,1e9,3.3\n4e6,1e9,3.2\n");
    refused(Ran.headroom("fit", "chinchilla", points), 4, "points: 3", "at least 5");
  }

  @Test
  void endsWithFourWhereTheDataDoNotDetermineTheLaw() throws IOException {
    StringBuilder flat = new StringBuilder("n,d,loss\n");
    for (int i = 1; i <= 12; i++) {
      flat.append(i * 1_000_000L + ",1e9," + (2 + 3 / Math.sqrt(i)) + "\n");
    }
    Ran ran = Ran.headroom("fit", "chinchilla", file("flat.csv", flat.toString()), "--json");
    assertEquals(4, ran.code(), ran.err() + ran.out());
    assertEquals("not_identifiable", json(ran).get("status").getAsString());
    assertFalse(json(ran).getAsJsonArray("warnings").isEmpty());
  }

  @Test
  void tellsAnAbsentFileFromAnEmptyOne() throws IOException {
    refused(Ran.headroom("check", folder.resolve("no.csv").toString()), 3, "no such file");
    refused(Ran.headroom("check", file("empty.csv", "")), 3, "empty");
    refused(Ran.headroom("check", folder.toString()), 3, "directory");
    refused(Ran.headroom("fit", "power", file("head.csv", "x,loss\n")), 3);
  }

  @Test
  void refusesBinaryFiles() throws IOException {
    byte[] bytes = {0x1f, 0x00, (byte) 0xfe, (byte) 0xc3, 0x28, 0x00, 0x0a, 0x01};
    Path binary = Files.write(folder.resolve("binary"), bytes);
    refused(Ran.headroom("check", binary.toString()), 3, "binary");
  }

  @Test
  void reportsAFullDiskAndLosesNothing() throws IOException {
    Assumptions.assumeTrue(Files.exists(Path.of("/dev/full")), "no /dev/full on this system");
    refused(
        Ran.headroom("check", run(""), "-o", "/dev/full"), 3, "cannot write /dev/full", "space");
  }

  @Test
  void keepsTheOldFileWhenTheNewOneCannotBeFinished() throws IOException {
    Path old = Files.writeString(folder.resolve("old.json"), "old");
    // The temporary name is longer than a file system allows, so that writing it must fail.
    String tooLong = "x".repeat(250);
    CommandException refusal =
        assertThrows(
            CommandException.class,
            () -> OutputFile.write(folder.resolve(tooLong), new byte[] {1}));
    assertEquals(3, refusal.exitCode());
    assertEquals("old", Files.readString(old));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void replacesAFileInOneStepAndLeavesNoOther() throws IOException {
    Path target = Files.writeString(folder.resolve("result.json"), "old");
    assertEquals(0, Ran.headroom("check", run(""), "--json", "-o", target.toString()).code());
    assertTrue(Files.readString(target).contains("\"verdict\": \"pass\""));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(2, left.count());
    }
  }

  @Test
  void refusesQuestionsWithoutSense() throws IOException {
    String log = run("");
    refused(Ran.headroom("fit", "kaplann", log), 2, "law: kaplann", "chinchilla");
    refused(Ran.headroom("fit", "power", log, "--bootstrap", "-3"), 2, "bootstrap: -3");
    refused(Ran.headroom("fit", "power", log, "--level", "95"), 2, "level: 95");
    refused(Ran.headroom("fit", "power", log, "--chart", "a.gif"), 2, ".svg or .png");
    refused(Ran.headroom("fit", "power", log, "--schedule", "constant(peak=1)"), 2, "annealing");
    refused(Ran.headroom("fit", "annealing", log), 2, "learning rate", "--schedule");
    refused(Ran.headroom("forecast", log), 2, "--schedule: not given");
    String schedule = "constant(peak=1e-3,total=400)";
    refused(Ran.headroom("forecast", log, "--schedule", "cosin(peak=1)"), 2, "cosin");
    refused(Ran.headroom("forecast", log, "--schedule", schedule, "--to", "900"), 2, "900");
    refused(Ran.headroom("forecast", log, "--schedule", schedule, "--to", "50"), 2, "50");
    refused(Ran.headroom("forecast", log, "--schedule", schedule, "--upto", "3"), 2, "at least");
    refused(Ran.headroom("check", log, "--rules", "spikes"), 2, "spikes");
    refused(Ran.headroom("check"), 2, "RUN");
  }

  @Test
  void answersOnOneLineWithoutATraceWhenHeadroomItselfIsWrong() {
    picocli.CommandLine line = Headroom.commandLine(Commands.CHECK, writer(), writer());
    java.io.StringWriter err = new java.io.StringWriter();
    line.setErr(new java.io.PrintWriter(err, true));
    int code = Failures.during(new IllegalStateException("a\nb"), line, null);
    assertEquals(70, code);
    assertTrue(err.toString().contains("defect: IllegalStateException: a; b"), err.toString());
    assertTrue(err.toString().contains("report it"), err.toString());
    assertFalse(err.toString().contains("\tat "), err.toString());
  }

  private static java.io.PrintWriter writer() {
    return new java.io.PrintWriter(new java.io.StringWriter());
  }
}
