package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogReaderTest {

  private static InputStream in(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static Run run(String text) {
    return LogReader.readRun(in(text), "log", ColumnMap.none(), RowFilter.all());
  }

  private static Run run(String text, String map, String where) {
    return LogReader.readRun(in(text), "log", ColumnMap.parse(map), RowFilter.parse(where));
  }

  private static void assertNote(Run run, String part) {
    assertTrue(run.notes().stream().anyMatch(n -> n.contains(part)), run.notes().toString());
  }

  private static LogException fails(String text, LogException.Kind kind) {
    LogException e = assertThrows(LogException.class, () -> run(text));
    assertEquals(kind, e.kind(), e.getMessage());
    assertTrue(e.getMessage().contains("expected: "), e.getMessage());
    return e;
  }

  @Test
  void readsCanonicalJsonlWithItsHeader() {
    Run run =
        run(
            "{\"headroom\":\"0.1.0\",\"run\":{\"width\":128,\"schedule\":\"cosine(x)\"}}\n"
                + "{\"step\":1,\"tokens\":2048,\"loss\":12.25,\"lr\":1e-4,\"time\":1.5}\n"
                + "{\"step\":2,\"tokens\":4096,\"loss\":12.0,\"lr\":2e-4,\"val_loss\":11.5}\n");
    assertArrayEquals(new long[] {1, 2}, run.step());
    assertArrayEquals(new double[] {12.25, 12}, run.loss());
    assertArrayEquals(new double[] {1e-4, 2e-4}, run.columns().get("lr"));
    assertTrue(Run.isAbsent(run.columns().get("val_loss")[0]));
    assertEquals(11.5, run.columns().get("val_loss")[1]);
    assertTrue(Run.isAbsent(run.columns().get("time")[1]));
    assertEquals("128", run.settings().get("width"));
    assertEquals(List.of(), run.notes());
  }

  @Test
  void keepsNanAndInfinityAsValues() {
    String json = "{\"step\":1,\"loss\":NaN,\"grad_norm\":Infinity}\n{\"step\":2,\"loss\":2.0}\n";
    for (String text : List.of(json, "step,loss,grad_norm\n1,nan,inf\n2,2.0,\n")) {
      Run run = run(text);
      assertTrue(Double.isNaN(run.loss()[0]) && !Run.isAbsent(run.loss()[0]));
      assertEquals(Double.POSITIVE_INFINITY, run.columns().get("grad_norm")[0]);
      assertTrue(Run.isAbsent(run.columns().get("grad_norm")[1]));
      assertNote(run, "NaN or infinite on 1 of 2 steps, first 1");
    }
  }

  @Test
  void takesTheLastOfDuplicateSteps() {
    Run run = run("step,loss\n10,5\n20,4\n30,3\n20,3.9\n30,2.9\n40,2\n");
    assertArrayEquals(new long[] {10, 20, 30, 40}, run.step());
    assertArrayEquals(new double[] {5, 3.9, 2.9, 2}, run.loss());
    assertNote(run, "restarted once, first from 30 to 20 at log:5: rows after a restart replace");
    assertNote(run, "replace the 2 older ones");
    Run twice = run("step,loss\n10,5\n20,4\n20,3.9\n30,3\n");
    assertArrayEquals(new double[] {5, 3.9, 3}, twice.loss());
    assertNote(twice, "1 duplicate step, first 20: the last one counts");
  }

  @Test
  void joinsRowsOfOneStepThatCompleteEachOther() {
    Run run = run("step,loss,val_loss\n1,5,\n1,,4.5\n2,4,\n3,,3.5\n");
    assertArrayEquals(new long[] {1, 2}, run.step());
    assertEquals(4.5, run.columns().get("val_loss")[0]);
    assertFalse(run.notes().stream().anyMatch(n -> n.contains("duplicate")));
    assertNote(run, "1 of 3 steps have no loss");
  }

  @Test
  void notesGapsOfARegularLog() {
    Run run = run("step,loss\n10,9\n20,8\n30,7\n40,6\n70,5\n80,4\n");
    assertNote(run, "missing in 1 place, first between 40 and 70 (usual interval 10)");
  }

  @Test
  void takesACutLastLineForAWarning() {
    String good = "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n";
    Run cut = run(good + "{\"step\":3,\"lo");
    assertEquals(2, cut.size());
    assertNote(cut, "the last line is cut and was left out (log:3)");
    Run whole = run(good + "{\"step\":3,\"loss\":1}");
    assertEquals(3, whole.size());
    assertEquals(List.of(), whole.notes());
    Run csv = run("step,loss,lr\n1,3,1\n2,2,1\n3,1");
    assertEquals(2, csv.size());
    assertNote(csv, "the last line is cut");
  }

  @Test
  void countsMalformedLinesByKindWithTheFirstExample() {
    Run run =
        run(
            "{\"step\":1,\"loss\":3}\nWARN: out of disk\n{\"step\":2,\"loss\":2}\n[1]\n{\"loss\":1}\n");
    assertEquals(2, run.size());
    assertNote(run, "2 lines left out: not a JSON object, first at log:2 (WARN: out of disk)");
    assertNote(run, "1 line left out: no step, first at log:5");
    Run csv = run("step,loss\n1,3\n2,2,2\n3,abc\n1.5,2\n-1,2\n4,1\n");
    assertEquals(2, csv.size());
    assertNote(csv, "wrong number of fields, first at log:3");
    assertNote(csv, "the loss is no number, first at log:4 (loss: abc)");
    assertNote(csv, "2 lines left out: the step is no whole number, first at log:5 (step: 1.5)");
  }

  @Test
  void refusesWhatCannotBeUsed() throws IOException {
    fails("", LogException.Kind.EMPTY);
    fails(" \n\n", LogException.Kind.EMPTY);
    fails("step,loss\n", LogException.Kind.EMPTY);
    fails("step,loss\n1,\n2,\n", LogException.Kind.EMPTY);
    assertEquals(2, fails("{\n\"step\": 1\nx\n", LogException.Kind.MALFORMED).line() + 1);
    fails("step,loss\nx,y\n", LogException.Kind.MALFORMED);
    fails("just some words\nand more\n", LogException.Kind.MALFORMED);
    fails("[1, 2]", LogException.Kind.MALFORMED);
    fails("step,loss\n1,\0\n", LogException.Kind.UNREADABLE);
    assertThrows(
        LogException.class, () -> LogReader.readRun(Path.of("no-such-file"), ColumnMap.none()));
    assertThrows(LogException.class, () -> LogReader.readTable(Path.of(".")));
  }

  @Test
  void readsNumbersWhereNamesAreInAnotherEncoding() {
    byte[] latin = "step,loss,n\u00e4me\n1,2,3\n".getBytes(StandardCharsets.ISO_8859_1);
    Run run =
        LogReader.readRun(new ByteArrayInputStream(latin), "x", ColumnMap.none(), RowFilter.all());
    assertEquals(2, run.loss()[0]);
    assertNote(run, "1 character is not UTF-8, first near x:1");
  }

  @Test
  void readsACutGzipAsFarAsItGoes() throws IOException {
    StringBuilder text = new StringBuilder("step,loss\n");
    Random random = new Random(5);
    for (int i = 1; i <= 20_000; i++) {
      text.append(i).append(',').append(random.nextDouble()).append('\n');
    }
    byte[] packed = gzip(text.toString());
    byte[] half = Arrays.copyOf(packed, packed.length / 2);
    Run run =
        LogReader.readRun(
            new ByteArrayInputStream(half), "x.gz", ColumnMap.none(), RowFilter.all());
    assertTrue(run.size() > 9_000 && run.size() < 11_000, "" + run.size());
    assertNote(run, "the gzip data ends early");
    byte[] stub = Arrays.copyOf(packed, 20);
    assertThrows(
        LogException.class,
        () ->
            LogReader.readRun(
                new ByteArrayInputStream(stub), "x.gz", ColumnMap.none(), RowFilter.all()));
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void unpacksGzipByContent() throws IOException {
    byte[] packed = gzip("step\tloss\n1\t2\n2\t1\n");
    Run run =
        LogReader.readRun(new ByteArrayInputStream(packed), "x", ColumnMap.none(), RowFilter.all());
    assertEquals(2, run.size());
  }

  @Test
  void mapsColumnsAndSuggestsTheNearest() {
    String text = "\"Step\",\"a, b - lm loss\",\"other\"\n\"1\",\"2.5\",\"x\"\n\"2\",\"\",\"y\"\n";
    Run run = run(text, "step=Step,loss=\"a, b - lm loss\"", "Step >= 1");
    assertArrayEquals(new double[] {2.5}, run.loss());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> run(text, "step=Stop,loss=other", "Step > 0"));
    assertTrue(e.getMessage().contains("did you mean 'Step'?"), e.getMessage());
    assertTrue(e.getMessage().contains("a, b - lm loss"), e.getMessage());
    assertNote(run(text), "the loss is taken from column 'a, b - lm loss'");
    e = assertThrows(IllegalArgumentException.class, () -> run("step,quality\n1,2\n"));
    assertTrue(e.getMessage().contains("map it with loss=COLUMN"), e.getMessage());
    String json = "{\"step\":1,\"x\":2}\n";
    assertThrows(IllegalArgumentException.class, () -> run(json, "loss=y", "step > 0"));
    assertThrows(IllegalArgumentException.class, () -> run(json, "loss=x", "stop > 0"));
  }

  @Test
  void choosesUsualNamesAndSaysSo() {
    Run run = run("_step,train/loss,learning_rate\n1,2,3\n");
    assertNote(run, "the loss is taken from column 'train/loss'");
    assertArrayEquals(new double[] {3}, run.columns().get("lr"));
    assertNull(run.columns().get("val_loss"));
  }

  @Test
  void readsTablesOfNumbers() {
    Table table =
        LogReader.readTable(
            in("N,name,D,loss\n1e6,a,1e9,4\n1e7,b,1e10,\n1e8,c,1e11,nan\n"), "t", RowFilter.all());
    assertEquals(List.of("N", "D", "loss"), table.columns());
    assertEquals(3, table.rows());
    assertTrue(Run.isAbsent(table.column("loss")[1]) && !Run.isAbsent(table.column("loss")[2]));
    assertThrows(IllegalArgumentException.class, () -> table.column("name"));
    Table json =
        LogReader.readTable(
            in("{\"a\":1}\n{\"a\":2,\"b\":{\"c\":\"3\"}}\n"), "t", RowFilter.parse("a > 0"));
    assertEquals(List.of("a", "b.c"), json.columns());
    assertTrue(Run.isAbsent(json.column("b.c")[0]));
    Table bare = LogReader.readTable(in("1,2\n3,4\n"), "t", RowFilter.all());
    assertArrayEquals(new double[] {2, 4}, bare.column("column2"));
  }

  @Test
  void filtersRows() {
    String text = "C,loss,set,a b\n1e20,4,x,1\n1e21,3,y,2\n1e22,5,x,\n";
    assertRows(2, text, "C <= 1e21 and loss < 4.9");
    assertRows(2, text, "set == 'x'");
    assertRows(1, text, "not set = 'x' && C > 1");
    assertRows(2, text, "\"a b\" > 0");
    assertRows(1, text, "(C + 1) * 2 / 2 > 1e20 and (loss < 4 or `a b` == 7)");
    assertRows(2, text, "C == 1e20 or -loss == -5");
    LogException none = assertThrows(LogException.class, () -> assertRows(0, text, "loss > 100"));
    assertEquals(LogException.Kind.EMPTY, none.kind());
    for (String bad : List.of("C <", "C < < 3", "and", "C", "(C < 3", "C < 1 2", "set < 'x'", "")) {
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> RowFilter.parse(bad), bad);
      assertTrue(e.getMessage().contains("expected: "), e.getMessage());
    }
  }

  @Test
  void refusesAFilterThatIsTooDeepInsteadOfOverflowing() {
    String text = "C,D\n1,0\n2,0\n";
    assertRows(1, text, "(".repeat(60) + "C" + ")".repeat(60) + " < 2");
    assertRows(1, text, "(".repeat(60) + "C < 2" + ")".repeat(60));
    assertRows(1, text, "((C + 1) * 2 < 5)");
    for (String part : List.of("(", "-", "not ")) {
      assertThrows(
          IllegalArgumentException.class, () -> RowFilter.parse(part.repeat(100_000) + "C < 2"));
    }
  }

  private static void assertRows(int rows, String text, String where) {
    assertEquals(rows, LogReader.readTable(in(text), "t", RowFilter.parse(where)).rows(), where);
  }

  @Test
  void readsAMillionRecordsInSeconds(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("long.jsonl");
    try (var out = Files.newBufferedWriter(file)) {
      for (int i = 1; i <= 1_000_000; i++) {
        out.write(
            "{\"step\":"
                + i
                + ",\"tokens\":"
                + 2048L * i
                + ",\"loss\":"
                + (3 + 1.0 / i)
                + ",\"lr\":0.0003,\"grad_norm\":0.5123,\"time\":"
                + 0.25 * i
                + "}\n");
      }
    }
    long start = System.nanoTime();
    Run run = LogReader.readRun(file, ColumnMap.none());
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf("1,000,000 JSONL records in %.2f s%n", seconds);
    assertEquals(1_000_000, run.size());
    assertTrue(seconds < 20, seconds + " s");
    Path csv = folder.resolve("long.csv");
    try (var out = Files.newBufferedWriter(csv)) {
      out.write("step,loss,lr,grad_norm\n");
      for (int i = 1; i <= 1_000_000; i++) {
        out.write(i + "," + (3 + 1.0 / i) + ",0.0003,0.5123\n");
      }
    }
    start = System.nanoTime();
    assertEquals(1_000_000, LogReader.readRun(csv, ColumnMap.none()).size());
    seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf("1,000,000 CSV records in %.2f s%n", seconds);
    assertTrue(seconds < 20, seconds + " s");
  }
}
