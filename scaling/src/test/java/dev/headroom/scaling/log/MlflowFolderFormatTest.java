package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MlflowFolderFormatTest {
  @TempDir Path temp;
  private Path run;

  @BeforeEach
  void writeARun() throws IOException {
    run = temp.resolve("mlruns/0/0123456789abcdef");
    write(
        "metrics/train/loss", "1700000000000 5.5 0\n1700000001500 4.5 10\n1700000003000 nan 20\n");
    write("metrics/val_loss", "1700000001600 4.75 10\n");
    write("metrics/lr", "1700000000000 1e-05 0\n1700000001500 0.001 10\n1700000003000 0 20\n");
    write("metrics/system/cpu_utilization_percentage", "1700000000000 5 0\n1700000000001 5 1\n");
    write("params/model/layers", "12");
    write("params/optimizer", "adam");
    write("meta.yaml", "artifact_uri: x\nrun_id: 0123456789abcdef\nrun_name: bold-cat-7\n");
    Files.writeString(temp.resolve("mlruns/0/meta.yaml"), "experiment_id: '0'\n");
  }

  private void write(String file, String text) throws IOException {
    Path path = run.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private static Run run(Path path) {
    return LogReader.readRun(path, ColumnMap.none());
  }

  private static void assertNote(Run run, String part) {
    assertTrue(run.notes().stream().anyMatch(n -> n.contains(part)), run.notes().toString());
  }

  @Test
  void mergesTheMetricsOfARunByStep() {
    for (Path path : new Path[] {run, run.resolve("metrics"), temp.resolve("mlruns"), temp}) {
      Run read = run(path);
      assertArrayEquals(new long[] {0, 10, 20}, read.step(), path.toString());
      assertArrayEquals(new double[] {5.5, 4.5, Double.NaN}, read.loss());
      assertArrayEquals(new double[] {1e-5, 1e-3, 0}, read.columns().get("lr"));
      assertEquals(4.75, read.columns().get("val_loss")[1]);
      assertEquals(1.7e9, read.columns().get("time")[0]);
      assertEquals("12", read.settings().get("model/layers"));
      assertEquals("bold-cat-7", read.settings().get("run_name"));
      assertNote(read, "1 system metric is left out");
    }
  }

  @Test
  void severalRunsAreNamedAndOneIsAskedFor() throws IOException {
    Path other = temp.resolve("mlruns/0/fedcba/metrics");
    Files.createDirectories(other);
    Files.writeString(other.resolve("loss"), "1700000000000 5.5 0\n");
    LogException e = assertThrows(LogException.class, () -> run(temp.resolve("mlruns")));
    assertTrue(e.getMessage().contains("2 MLflow runs: "), e.getMessage());
    assertTrue(e.getMessage().contains("(expected: the folder of one run)"), e.getMessage());
    assertEquals(1, run(temp.resolve("mlruns/0/fedcba")).size());
  }

  @Test
  void deletedRunsAndMetricsOfModelsAreNoRuns() throws IOException {
    for (String folder : new String[] {"mlruns/.trash/r/metrics", "mlruns/0/models/m/metrics"}) {
      Path metrics = Files.createDirectories(temp.resolve(folder));
      Files.writeString(metrics.resolve("loss"), "1700000000000 9 0\n");
    }
    assertEquals(3, run(temp.resolve("mlruns")).size());
  }

  @Test
  void aRestartGoesBackAndTheLastValueCounts() throws IOException {
    write(
        "metrics/train/loss",
        """
        1700000000000 5 0
        1700000000001 4 10
        1700000000002 3 20
        1700000000003 3.5 10
        1700000000004 2 20
        """);
    Run read = run(run);
    assertArrayEquals(new double[] {5, 3.5, 2}, read.loss());
    assertNote(read, "restarted once, first from 20 to 10");
  }

  @Test
  void badLinesAreCountedAndACutOneIsLeftOut() throws IOException {
    write(
        "metrics/train/loss",
        "1700000000000 5 0\nrubbish\n1700000000001 x 10\n"
            + "1".repeat(100_000)
            + "\n1700000000002 4 20\n1700000000003 3 3");
    Run read = run(run);
    assertArrayEquals(new long[] {0, 20}, read.step());
    assertNote(read, "3 lines left out: no line 'timestamp value step' of loss");
    assertNote(read, "the last line is cut");
  }

  @Test
  void oneMetricAloneIsNamedByItsFile() {
    Run read = run(run.resolve("metrics/train/loss"));
    assertArrayEquals(new long[] {0, 10, 20}, read.step());
    assertArrayEquals(new double[] {5.5, 4.5, Double.NaN}, read.loss());
  }

  @Test
  void oldStoresHaveNoSteps() throws IOException {
    write("metrics/train/loss", "1700000000000 5\n");
    assertArrayEquals(new long[] {0}, run(run.resolve("metrics")).step());
  }

  @Test
  void folderOfAHundredThousandFilesIsRefusedInBoundedTime() throws IOException {
    Path many = Files.createDirectory(temp.resolve("many"));
    for (int i = 0; i < 100_000; i++) {
      Files.createFile(many.resolve("f" + i));
    }
    LogException e =
        assertTimeout(
            Duration.ofSeconds(60), () -> assertThrows(LogException.class, () -> run(many)));
    assertTrue(e.getMessage().contains("(expected: "), e.getMessage());
  }
}
