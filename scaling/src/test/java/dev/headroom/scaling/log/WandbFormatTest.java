package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads run files that {@link WandbWriter} wrote.
 *
 * <p>Checked besides, outside of this repository: a run of 3,000 steps that wandb 0.30.0 logged
 * offline, with nested values, NaN, infinity, a histogram and a record over several blocks: the
 * same rows as its own protobuf classes read from it, every checksum good.
 */
class WandbFormatTest {
  @TempDir Path temp;

  private static WandbWriter row(WandbWriter writer, int step, String loss) {
    return writer.history(
        WandbWriter.item(loss, "train/loss"),
        WandbWriter.item(Integer.toString(step), "_step"),
        WandbWriter.item(Double.toString(0.5 * step), "_runtime"));
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(temp.resolve("run-abc.wandb"), bytes);
  }

  private static Run run(Path path) {
    return LogReader.readRun(path, ColumnMap.none());
  }

  private static void assertNote(Run run, String part) {
    assertTrue(run.notes().stream().anyMatch(n -> n.contains(part)), run.notes().toString());
  }

  @Test
  void readsTheHistoryAndTheConfiguration() throws IOException {
    WandbWriter writer =
        new WandbWriter()
            .run(
                "abc",
                WandbWriter.item("0.0003", "lr"),
                WandbWriter.item("{\"layers\":12,\"kind\":\"gpt\"}", "model"),
                WandbWriter.item("{\"t\":1}", "_wandb"));
    row(row(writer, 0, "5.5"), 1, "NaN");
    row(writer, 2, "\"Infinity\"");
    writer.history(WandbWriter.item("6.5", "eval/loss"), WandbWriter.item("2", "_step"));
    Run run = run(file(writer.toBytes()));
    assertArrayEquals(new long[] {0, 1, 2}, run.step());
    assertArrayEquals(new double[] {5.5, Double.NaN, Double.POSITIVE_INFINITY}, run.loss());
    assertFalse(Run.isAbsent(run.loss()[1]));
    assertEquals(6.5, run.columns().get("val_loss")[2]);
    assertArrayEquals(new double[] {0, 0.5, 1}, run.columns().get("time"));
    assertEquals("0.0003", run.settings().get("lr"));
    assertEquals("12", run.settings().get("model.layers"));
    assertEquals("gpt", run.settings().get("model.kind"));
    assertEquals("abc", run.settings().get("run_id"));
    assertNull(run.settings().get("_wandb.t"));
  }

  @Test
  void namesThatTurnUpLateAndNestedKeysAreColumns() throws IOException {
    WandbWriter writer = new WandbWriter();
    for (int step = 0; step < 1000; step++) {
      row(writer, step, "1");
    }
    writer.history(
        WandbWriter.item("7", "deep", "inner"),
        WandbWriter.item("{\"a\":{\"b\":3}}", "tree"),
        WandbWriter.item("[1,2,3]", "list"),
        WandbWriter.item("2", "val_loss"),
        WandbWriter.item("1000", "_step"),
        WandbWriter.item("1", "train/loss"));
    Path file = file(writer.toBytes());
    assertEquals(2, run(file).columns().get("val_loss")[1000]);
    Table table = LogReader.readTable(file);
    assertEquals(7, table.column("deep.inner")[1000]);
    assertEquals(3, table.column("tree.a.b")[1000]);
    assertFalse(table.columns().contains("list"));
  }

  @Test
  void theStepOfTheRecordServesWhereTheItemIsAbsent() throws IOException {
    ProtoWriter history = WandbWriter.message(WandbWriter.item("3", "loss"));
    history.message(2, new ProtoWriter().varint(1, 17));
    byte[] bytes = new WandbWriter().record(new ProtoWriter().message(2, history)).toBytes();
    assertArrayEquals(new long[] {17}, run(file(bytes)).step());
  }

  @Test
  void recordsGoOverBlocks() throws IOException {
    WandbWriter writer = new WandbWriter();
    for (int step = 0; step < 50; step++) {
      writer.history(
          WandbWriter.item("\"" + "x".repeat(997 * step) + "\"", "text"),
          WandbWriter.item("2.5", "loss"),
          WandbWriter.item(Integer.toString(step), "_step"));
    }
    Run run = run(file(writer.toBytes()));
    assertEquals(50, run.size());
    assertTrue(run.notes().isEmpty(), run.notes().toString());
  }

  @Test
  void everyTruncationIsReadAsFarAsItGoes() throws IOException {
    WandbWriter writer = new WandbWriter();
    row(writer, 1, "4");
    int one = writer.size();
    row(writer, 2, "3");
    int two = writer.size();
    byte[] bytes = row(writer, 3, "2").toBytes();
    for (int n = one; n < bytes.length; n++) {
      Run run = run(file(Arrays.copyOf(bytes, n)));
      assertEquals(n < two ? 1 : 2, run.size(), "bytes: " + n);
      if (n != one && n != two) {
        assertNote(run, "the last record is cut and was left out");
      }
    }
  }

  @Test
  void aDamagedBlockCostsItsRestOnly() throws IOException {
    WandbWriter writer = new WandbWriter();
    int hit = 0;
    for (int step = 0; step < 5000; step++) {
      row(writer, step, "4");
      hit = step == 10 ? writer.size() + 20 : hit;
    }
    byte[] bytes = writer.toBytes();
    bytes[hit] ^= 1;
    Run run = run(file(bytes));
    assertNote(run, "damaged block of records");
    assertTrue(run.size() > 4000 && run.size() < 4990, run.size() + " rows");
    assertEquals(4999, run.step()[run.size() - 1]);
  }

  @Test
  void anyDamageEndsWithAVerdict() throws IOException {
    WandbWriter writer = new WandbWriter().run("abc", WandbWriter.item("{\"a\":1}", "model"));
    byte[] good = row(row(writer, 1, "4"), 2, "3").toBytes();
    for (int at = 0; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] = (byte) ~bad[at];
      try {
        assertTrue(run(file(bad)).size() <= 2, "byte " + at);
      } catch (LogException | IllegalArgumentException e) {
        assertTrue(e.getMessage().contains("expected: "), e.getMessage());
      }
    }
  }

  @Test
  void anUnknownVersionIsRefused() throws IOException {
    byte[] bytes = row(new WandbWriter(), 1, "4").toBytes();
    bytes[6] = 9;
    LogException e = assertThrows(LogException.class, () -> run(file(bytes)));
    assertTrue(e.getMessage().contains("version 9 (expected: 0"), e.getMessage());
  }

  @Test
  void aStreamIsReadLikeAFile() {
    byte[] bytes = row(row(new WandbWriter(), 1, "4"), 2, "3").toBytes();
    Run run =
        LogReader.readRun(new ByteArrayInputStream(bytes), "-", ColumnMap.none(), RowFilter.all());
    assertArrayEquals(new double[] {4, 3}, run.loss());
  }

  @Test
  void theFolderOfARunAndItsFilesLeadToIt() throws IOException {
    Path run = Files.createDirectories(temp.resolve("wandb/offline-run-20250101_000000-abc"));
    Path files = Files.createDirectory(run.resolve("files"));
    Files.writeString(files.resolve("config.yaml"), "lr:\n  value: 1\n");
    Files.write(run.resolve("run-abc.wandb"), row(new WandbWriter(), 1, "4").toBytes());
    for (Path path : new Path[] {run, files, temp.resolve("wandb")}) {
      assertArrayEquals(new double[] {4}, run(path).loss(), path.toString());
    }
    Path other = Files.createDirectories(temp.resolve("wandb/run-2"));
    Files.write(other.resolve("run-def.wandb"), row(new WandbWriter(), 1, "4").toBytes());
    LogException e = assertThrows(LogException.class, () -> run(temp.resolve("wandb")));
    assertTrue(e.getMessage().contains("2 W&B runs: "), e.getMessage());
  }

  @Test
  void theHistoryOfOldRunsIsJsonLines() throws IOException {
    Path files = Files.createDirectories(temp.resolve("run-1/files"));
    Files.writeString(
        files.resolve("wandb-history.jsonl"),
        "{\"loss\":4.5,\"_step\":0,\"_runtime\":1.5}\n{\"loss\":NaN,\"_step\":1}\n");
    for (Path path :
        new Path[] {temp.resolve("run-1"), files, files.resolve("wandb-history.jsonl")}) {
      Run run = run(path);
      assertArrayEquals(new long[] {0, 1}, run.step());
      assertArrayEquals(new double[] {4.5, Double.NaN}, run.loss());
    }
  }
}
