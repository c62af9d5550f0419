package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.headroom.cli.verdict.Judged;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckReportTest {

  @TempDir Path folder;

  private String good() throws IOException {
    return run("good.csv", "");
  }

  private String bad() throws IOException {
    return run("bad.csv", "201,NaN\n");
  }

  private String run(String name, String tail) throws IOException {
    StringBuilder log = new StringBuilder("step,loss\n");
    for (int step = 1; step <= 200; step++) {
      log.append(step + "," + (3 + 5 / Math.sqrt(step)) + "\n");
    }
    return Files.writeString(folder.resolve(name), log + tail).toString();
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  @Test
  void judgesSeveralRunsAndEndsWithTheWorst() throws IOException {
    Ran ran = Ran.headroom("check", good(), bad(), good(), "--json");
    assertEquals(1, ran.code(), ran.err());
    JsonObject json = JsonParser.parseString(ran.out()).getAsJsonObject();
    assertEquals("fail", json.get("verdict").getAsString());
    JsonArray runs = json.getAsJsonArray("runs");
    assertEquals(2, runs.size(), "a run named twice is judged once");
    assertEquals("pass", runs.get(0).getAsJsonObject().get("verdict").getAsString());
    assertEquals("fail", runs.get(1).getAsJsonObject().get("verdict").getAsString());
    assertEquals(0, Ran.headroom("check", good(), run("other.csv", "")).code());
  }

  @Test
  void judgesTheOthersWhereOneLogIsUnreadable() throws IOException {
    Ran ran = Ran.headroom("check", file("absent.csv"), bad());
    assertEquals(3, ran.code());
    assertTrue(ran.err().contains("absent.csv: no such file"), ran.err());
    assertTrue(ran.out().contains("UNREADABLE " + file("absent.csv")), ran.out());
    assertTrue(ran.out().contains("FAIL " + file("bad.csv")), ran.out());
  }

  @Test
  void writesEveryReportBesideTheVerdict() throws IOException {
    String reports =
        String.join(
            ",",
            "junit=" + file("j.xml"),
            "gitlab=" + file("m.txt"),
            "markdown=" + file("c.md"),
            "json=" + file("c.json"),
            "github=" + file("g.txt"),
            "step-summary=" + file("s.md"));
    Ran ran = Ran.headroom("check", good(), bad(), "--report", reports);
    assertEquals(1, ran.code(), ran.err());
    assertTrue(ran.out().contains("FAIL " + file("bad.csv")), ran.out());
    assertTrue(Files.readString(folder.resolve("j.xml")).contains("<failure"));
    assertTrue(Files.readString(folder.resolve("m.txt")).endsWith("# EOF\n"));
    assertTrue(Files.readString(folder.resolve("c.md")).contains("1 failed"));
    assertTrue(Files.readString(folder.resolve("c.json")).contains("\"runs\""));
    assertTrue(Files.readString(folder.resolve("g.txt")).startsWith("::error file="));
    assertTrue(Files.readString(folder.resolve("s.md")).contains("1 failed"));
  }

  @Test
  void annotatesOnStandardErrorWhereNoFileIsNamed() throws IOException {
    Ran ran = Ran.headroom("check", bad(), "--report", "github", "--json", "--quiet");
    assertTrue(ran.err().startsWith("::error file="), ran.err());
    assertEquals(
        "fail", JsonParser.parseString(ran.out()).getAsJsonObject().get("verdict").getAsString());
  }

  @Test
  void reportsARunThatCannotBeReadBeforeItEnds() {
    Ran ran = Ran.headroom("check", file("absent.csv"), "--report", "json=" + file("c.json"));
    assertEquals(3, ran.code());
    assertTrue(ran.err().contains("no such file"), ran.err());
    assertTrue(read("c.json").contains("\"verdict\": \"unreadable\""), read("c.json"));
  }

  private String read(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void printsTheVerdictWhereAReportCannotBeWritten() throws IOException {
    Ran ran =
        Ran.headroom("check", good(), "--report", "junit=" + folder + ",json=" + file("c.json"));
    assertEquals(3, ran.code(), ran.err());
    assertTrue(ran.out().startsWith("PASS "), ran.out());
    assertTrue(ran.err().contains("report junit: output: " + folder + " is a folder"), ran.err());
    assertTrue(Files.exists(folder.resolve("c.json")), "the other report is written");
  }

  @Test
  void refusesReportsWithoutSenseBeforeItReadsALog() {
    for (String wrong : List.of("junitt", "json=", "json=a,markdown=a")) {
      Ran ran = Ran.headroom("check", file("absent.csv"), "--report", wrong);
      assertEquals(2, ran.code(), wrong);
      assertTrue(ran.err().contains("(expected: "), ran.err());
    }
  }

  private static ReportOptions options(String report) {
    ReportOptions options = new ReportOptions();
    options.reports = List.of(report);
    return options;
  }

  @Test
  void addsToTheSummaryOfTheGithubStep() throws IOException {
    Path summary = Files.writeString(folder.resolve("summary.md"), "before\n");
    Map<String, String> step = Map.of("GITHUB_STEP_SUMMARY", summary.toString());
    PrintWriter err = new PrintWriter(new StringWriter());
    List<Judged> runs = List.of(Judged.unreadable("run.csv", "no such file"));
    assertEquals(0, options("step-summary").open(step).write(runs, "headroom check", err));
    String text = Files.readString(summary);
    assertTrue(text.startsWith("before\n## headroom check"), text);
    CommandException refusal =
        assertThrows(CommandException.class, () -> options("step-summary").open(Map.of()));
    assertEquals(2, refusal.exitCode());
  }

  @Test
  void cutsTheSummaryBelowTheLimitOfAStepAndSaysSo() throws IOException {
    Path summary = folder.resolve("summary.md");
    byte[] before = "y".repeat(1024 * 1024 - 2000).getBytes(StandardCharsets.UTF_8);
    Files.write(summary, before);
    List<Judged> runs = List.of(Judged.unreadable("rün.csv", "no such file"));
    StringWriter err = new StringWriter();
    List<Judged> many = java.util.Collections.nCopies(100, runs.get(0));
    ReportOptions options = options("step-summary=" + summary);
    int code = options.open(Map.of()).write(many, "headroom check", new PrintWriter(err));
    assertEquals(0, code, err.toString());
    assertTrue(Files.size(summary) <= 1024 * 1024, "" + Files.size(summary));
    assertTrue(Files.size(summary) > 1024 * 1024 - 200, "" + Files.size(summary));
    assertTrue(Files.readString(summary).contains("Cut here"));
    assertFalse(Files.readString(summary).substring(before.length).contains("\uFFFD"));
    assertEquals(3, options.open(Map.of()).write(many, "headroom check", new PrintWriter(err)));
    assertTrue(err.toString().contains("expected: room below GitHub's 1 MiB"), err.toString());
  }
}
