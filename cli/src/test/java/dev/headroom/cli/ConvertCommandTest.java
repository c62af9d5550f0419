package dev.headroom.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
  private static final String LOG =
      "iteration,train loss,val_loss,note\n10,3.0000000000000004,,a\n20,nan,2.75,\"b, \"\"c\"\"\"\n"
          + "20,2.5,,\n30,1e-300,inf,\n25,2.25,,late\n";

  @TempDir Path folder;

  private static void assertSame(Run expected, Run actual) {
    assertArrayEquals(expected.step(), actual.step());
    assertArrayEquals(expected.loss(), actual.loss());
    assertEquals(expected.columns().keySet(), actual.columns().keySet());
    expected.columns().forEach((k, v) -> assertArrayEquals(v, actual.columns().get(k), k));
    assertEquals(expected.settings(), actual.settings());
  }

  @Test
  void givesALogThatReadsAsTheSameRun() throws IOException {
    Path log = Files.writeString(folder.resolve("log.csv"), LOG);
    Run run = LogReader.readRun(log, ColumnMap.none());
    for (String name : new String[] {"out.jsonl", "out.csv"}) {
      Path out = folder.resolve(name);
      Ran ran = Ran.headroom("convert", log.toString(), "-o", out.toString());
      assertEquals(0, ran.code(), ran.err());
      assertSame(run, LogReader.readRun(out, ColumnMap.none()));
    }
    assertEquals("step,loss,val_loss,note", Files.readAllLines(folder.resolve("out.csv")).get(0));
  }

  @Test
  void keepsSettings() throws IOException {
    Path log = Samples.canonical(folder.resolve("run.jsonl"));
    Ran ran = Ran.headroom("convert", log.toString());
    assertEquals(0, ran.code(), ran.err());
    Path out = Files.writeString(folder.resolve("again.jsonl"), ran.out());
    Run first = LogReader.readRun(log, ColumnMap.none());
    Run again = LogReader.readRun(out, ColumnMap.none());
    assertEquals(first.settings().get("params"), again.settings().get("params"));
    assertArrayEquals(first.loss(), again.loss());
  }

  @Test
  void putsSeveralLogsIntoAFolder() throws IOException {
    Path a = Files.writeString(folder.resolve("a.csv"), LOG);
    Path b = Files.writeString(folder.resolve("b.txt"), "1 2.5\n2 2.25\n3 2.0\n");
    Path out = folder.resolve("out");
    assertEquals(2, Ran.headroom("convert", a.toString(), b.toString()).code());
    Ran ran = Ran.headroom("convert", a.toString(), b.toString(), "-o", out.toString());
    assertEquals(0, ran.code(), ran.err());
    assertEquals(3, LogReader.readRun(out.resolve("b.jsonl"), ColumnMap.none()).size());
    assertTrue(Files.exists(out.resolve("a.jsonl")));
  }

  @Test
  void streamsStandardInputAndReadsItOnce() {
    InputStream kept = System.in;
    try {
      System.setIn(new ByteArrayInputStream(LOG.getBytes(StandardCharsets.UTF_8)));
      Ran ran = Ran.headroom("convert", "-", "--to", "csv", "--where", "iteration < 20");
      assertEquals(0, ran.code(), ran.err());
      assertEquals("step,loss,val_loss,note\n10,3.0000000000000004,,a\n", ran.out());
      System.setIn(new ByteArrayInputStream(LOG.getBytes(StandardCharsets.UTF_8)));
      Ran twice = Ran.headroom("inspect", "-", "-");
      assertEquals(2, twice.code(), twice.err());
      assertTrue(twice.err().contains("asked for twice"), twice.err());
    } finally {
      System.setIn(kept);
    }
  }

  @Test
  void leavesNothingBehindWhereTheLogCannotBeRead() throws IOException {
    Path empty = Files.writeString(folder.resolve("empty.csv"), "step,loss\n");
    Path out = folder.resolve("out.jsonl");
    Ran ran = Ran.headroom("convert", empty.toString(), "-o", out.toString());
    assertEquals(3, ran.code(), ran.err());
    assertTrue(Files.notExists(out));
  }
}
