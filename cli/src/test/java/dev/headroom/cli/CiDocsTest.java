package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.cli.verdict.ReportKind;
import dev.headroom.scaling.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class CiDocsTest {
  private static final Path DOCS = Path.of("../docs");

  /** The folder of a job: Headroom where the workflow files have it. */
  @TempDir Path job;

  @BeforeEach
  void needsAShell() {
    Assumptions.assumeTrue(Files.exists(Path.of("/bin/sh")), "skipped: no /bin/sh on this system");
  }

  private static Map<String, Object> yaml(String file) throws IOException {
    return new Yaml(new SafeConstructor(new LoaderOptions()))
        .load(Files.readString(DOCS.resolve("ci").resolve(file)));
  }

  /** Collects the lines of a script that call Headroom, with their continuations. */
  private static void collect(Object node, List<String> found) {
    if (node instanceof Map<?, ?> map) {
      map.values().forEach(value -> collect(value, found));
    } else if (node instanceof List<?> list) {
      list.forEach(value -> collect(value, found));
    } else if (node instanceof String text) {
      text.replace("\\\n", " ")
          .lines()
          .filter(l -> l.contains("headroom check"))
          .forEach(found::add);
    }
  }

  private int shell(String line) throws IOException, InterruptedException {
    Path tools = Files.createDirectories(job.resolve("tools/headroom"));
    Path launcher = tools.resolve("headroom");
    String java = ProcessHandle.current().info().command().orElse("java");
    String start = "exec '%s' -Xshare:auto -XX:TieredStopAtLevel=1 -cp '%s' %s \"$@\"\n";
    String main = Headroom.class.getName();
    Files.writeString(
        launcher,
        "#!/bin/sh\n" + String.format(start, java, System.getProperty("java.class.path"), main));
    assertTrue(launcher.toFile().setExecutable(true));
    ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", line).directory(job.toFile());
    builder.environment().put("GITHUB_STEP_SUMMARY", job.resolve("summary.md").toString());
    builder.environment().merge("PATH", tools.toString(), (old, own) -> own + ":" + old);
    builder.redirectErrorStream(true).redirectOutput(job.resolve("output.txt").toFile());
    Process process = builder.start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), line);
    return process.exitValue();
  }

  private String output() throws IOException {
    return Files.readString(job.resolve("output.txt"));
  }

  private void train(String tail) throws IOException {
    StringBuilder log = new StringBuilder();
    for (int step = 1; step <= 200; step++) {
      log.append("{\"step\":" + step + ",\"loss\":" + (3 + 5 / Math.sqrt(step)) + "}\n");
    }
    Files.createDirectories(job.resolve("runs"));
    Files.writeString(job.resolve("runs/smoke.jsonl"), log + tail);
  }

  private String onlyCall(String workflow) throws IOException {
    List<String> calls = new ArrayList<>();
    collect(yaml(workflow), calls);
    assertEquals(1, calls.size(), workflow);
    return calls.get(0);
  }

  @Test
  void theGithubWorkflowRunsAndLeavesItsReports() throws Exception {
    assertTrue(yaml("github.yml").get("jobs") instanceof Map);
    String call = onlyCall("github.yml");
    train("");
    assertEquals(0, shell(call), output());
    train("{\"step\":201,\"loss\":NaN}\n");
    assertEquals(1, shell(call), output());
    assertTrue(output().contains("::error file=runs/smoke.jsonl,"), output());
    assertTrue(Files.readString(job.resolve("reports/junit.xml")).contains("<failure"));
    assertTrue(Files.exists(job.resolve("reports/check.json")));
    assertTrue(Files.readString(job.resolve("summary.md")).contains("1 failed"));
  }

  @Test
  void theGitlabPipelineRunsAndLeavesTheArtifactsItNames() throws Exception {
    Map<?, ?> check = (Map<?, ?>) yaml("gitlab.yml").get("check");
    Map<?, ?> artifacts = (Map<?, ?>) check.get("artifacts");
    Map<?, ?> reports = (Map<?, ?>) artifacts.get("reports");
    train("{\"step\":201,\"loss\":NaN}\n");
    assertEquals(1, shell(onlyCall("gitlab.yml")), output());
    for (Object file : reports.values()) {
      assertTrue(Files.exists(job.resolve((String) file)), file + " " + output());
    }
    for (Object file : (List<?>) artifacts.get("paths")) {
      assertTrue(Files.exists(job.resolve((String) file)), file + " " + output());
    }
  }

  @Test
  void nameEveryKindOfReportAndItsFile() throws IOException {
    String page = Files.readString(DOCS.resolve("ci.md"));
    for (ReportKind kind : ReportKind.values()) {
      assertTrue(page.contains("`" + kind.word() + "`"), kind.word());
      assertTrue(page.contains("`" + kind.usualFile() + "`") || kind.usualFile().isEmpty());
    }
  }

  @Test
  void callOnlyWhatTheCommandKnows() throws Exception {
    train("");
    for (String page : List.of("ci.md", "python.md")) {
      Files.copy(
          job.resolve("runs/smoke.jsonl"),
          job.resolve("run.jsonl"),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      for (String line : Files.readAllLines(DOCS.resolve(page))) {
        if (line.startsWith("    headroom ")) {
          assertEquals(0, shell(line.strip()), line + "\n" + output());
        }
      }
    }
    assertEquals(0, shell("headroom check --explain all"), output());
  }

  private static List<String> python() throws IOException {
    Matcher block =
        Pattern.compile("```python\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(DOCS.resolve("python.md")));
    List<String> blocks = new ArrayList<>();
    while (block.find()) {
      blocks.add(block.group(1));
    }
    assertEquals(2, blocks.size());
    return blocks;
  }

  private void python(int start, int steps, String extra) throws Exception {
    String program =
        python().get(0)
            + "start, steps, tokens_per_step = "
            + start
            + ", "
            + steps
            + ", 4096\n"
            + "def train_step(step):\n"
            + "    return (float('nan') if step == 140 else 3 + 5 / step**.5), 3e-4\n"
            + python().get(1)
            + extra;
    Files.writeString(job.resolve("train.py"), program);
    assertEquals(0, shell("python3 train.py"), output());
  }

  @Test
  void thePythonRecipeWritesALogThatSurvivesACrash() throws Exception {
    Assumptions.assumeTrue(shell("python3 --version") == 0, "skipped: no python3 on this system");
    assertTrue(python().get(0).strip().lines().filter(l -> !l.isBlank()).count() <= 16);
    python(0, 100, "log.write(b'{\"step\": 101, \"lo')\n");
    assertEquals(0, shell("headroom check run.jsonl --json"), output());
    assertTrue(output().contains("\"lastStep\": 100"), output());
    python(90, 120, "");
    assertEquals(0, shell("headroom check run.jsonl --json"), output());
    assertTrue(output().contains("\"points\": 120"), output());
    assertTrue(
        output().contains("\"notes\": []"), "no duplicate, no gap, no cut line: " + output());
    assertEquals(0, shell("headroom inspect run.jsonl --json"), output());
    assertTrue(output().contains("\"params\": \"124000000\""), output());
    assertTrue(output().contains("\"schedule\": \"constant(peak=3e-4,total=100)\""), output());
    assertEquals(
        "constant", Schedule.parse("constant(peak=3e-4,total=100)").text().split("\\(")[0]);
    python(120, 140, "");
    assertEquals(1, shell("headroom check run.jsonl"), output());
    assertTrue(output().contains("finite at step 140"), output());
    assertFalse(output().contains("duplicate"), output());
  }
}
