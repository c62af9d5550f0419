package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostileInputTest {
  private static final String GOOD = "step,loss\n1,3\n2,2\n";

  @TempDir Path folder;

  /** Gives a pattern again and again. */
  private static final class Endless extends InputStream {
    private final byte[] pattern;
    private long left;
    private int at;

    Endless(String pattern, long bytes) {
      this.pattern = pattern.getBytes(StandardCharsets.UTF_8);
      left = bytes;
    }

    @Override
    public int read() {
      if (left-- <= 0) {
        return -1;
      }
      int b = pattern[at];
      at = (at + 1) % pattern.length;
      return b;
    }

    @Override
    public int read(byte[] out, int off, int len) {
      int n = 0;
      for (int b; n < len && (b = read()) >= 0; n++) {
        out[off + n] = (byte) b;
      }
      return n == 0 ? -1 : n;
    }
  }

  private static LogSummary read(InputStream in) {
    return LogReader.summary(in, "log", ColumnMap.none(), RowFilter.all());
  }

  private static LogSummary read(byte[] bytes) {
    return read(new ByteArrayInputStream(bytes));
  }

  private static LogException refuses(InputStream in) {
    return assertTimeoutPreemptively(
        Duration.ofSeconds(60), () -> assertThrows(LogException.class, () -> read(in)));
  }

  @Test
  void endsALineWithoutEnd() {
    LogException e =
        refuses(
            new java.io.SequenceInputStream(
                new ByteArrayInputStream(GOOD.getBytes(StandardCharsets.UTF_8)),
                new Endless("12345,", 1L << 40)));
    assertTrue(e.getMessage().contains("256 million characters"), e.getMessage());
    assertTrue(e.getMessage().contains("expected: "), e.getMessage());
  }

  @Test
  void leavesOutALineThatIsTooLongAndReadsOn() {
    byte[] longLine = new byte[(1 << 23) + 100];
    java.util.Arrays.fill(longLine, (byte) 'x');
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    log.writeBytes(GOOD.getBytes(StandardCharsets.UTF_8));
    log.writeBytes(longLine);
    log.writeBytes("\n3,1\n".getBytes(StandardCharsets.UTF_8));
    LogSummary read = read(log.toByteArray());
    assertEquals(3, read.run().size());
    assertTrue(read.notes().toString().contains("1 line of more than 8 million"));
  }

  @Test
  void stopsAtAGzipBomb() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(GOOD.getBytes(StandardCharsets.UTF_8));
      byte[] blank = new byte[1 << 20];
      java.util.Arrays.fill(blank, (byte) '\n');
      for (int i = 0; i < 100; i++) {
        out.write(blank);
      }
    }
    LogException e = refuses(new ByteArrayInputStream(bytes.toByteArray()));
    assertTrue(e.getMessage().contains("gzip bomb"), e.getMessage());
  }

  @Test
  void leavesOutColumnsBeyondTheLimit() {
    StringBuilder log = new StringBuilder();
    for (int i = 0; i < 1_000_000; i++) {
      log.append("{\"step\":").append(i).append(",\"loss\":3,\"c").append(i).append("\":1}\n");
    }
    LogSummary json = read(log.toString().getBytes(StandardCharsets.UTF_8));
    assertEquals(Cells.MOST_COLUMNS, json.series().size());
    assertEquals(1_000_000, json.run().size());
    assertTrue(json.notes().toString().contains("more than 16384 columns"));
    StringBuilder header = new StringBuilder("step,loss");
    StringBuilder row = new StringBuilder("1,3");
    for (int i = 0; i < 1_000_000; i++) {
      header.append(",c").append(i);
      row.append(",1");
    }
    LogSummary csv = read((header + "\n" + row + "\n").getBytes(StandardCharsets.UTF_8));
    assertEquals(Cells.MOST_COLUMNS, csv.series().size());
  }

  @Test
  void readsUtf16AndSkipsTheHoleOfACrash() {
    for (var charset :
        new java.nio.charset.Charset[] {
          StandardCharsets.UTF_16, StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE
        }) {
      assertEquals(2, read(GOOD.getBytes(charset)).run().size(), charset.name());
    }
    LogSummary hole = read((GOOD + "\0".repeat(4000) + "3,1\n").getBytes(StandardCharsets.UTF_8));
    assertEquals(3, hole.run().size());
    assertTrue(hole.notes().toString().contains("4000 zero bytes"));
    refuses(new ByteArrayInputStream("step,loss\n1,\0\n".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void readsAPipeAndSaysWhenNobodyWritesToOne() throws Exception {
    Path pipe = folder.resolve("pipe");
    Process made;
    try {
      made = new ProcessBuilder("mkfifo", pipe.toString()).start();
    } catch (IOException e) {
      Assumptions.abort("skipped: no mkfifo on this system");
      return;
    }
    Assumptions.assumeTrue(made.waitFor(10, TimeUnit.SECONDS) && made.exitValue() == 0);
    Thread writer =
        new Thread(
            () -> {
              try {
                Files.writeString(pipe, GOOD);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    assertEquals(2, LogReader.readRun(pipe, ColumnMap.none()).size());
    writer.join();
    LogException e =
        assertTimeoutPreemptively(
            Duration.ofSeconds(60),
            () ->
                assertThrows(LogException.class, () -> LogReader.readRun(pipe, ColumnMap.none())));
    assertTrue(e.getMessage().contains("nobody wrote"), e.getMessage());
  }

  @Test
  void readsAFileAsLongAsItWasWhenItWasOpened() throws IOException {
    Path file = Files.writeString(folder.resolve("log.csv"), GOOD);
    try (LogInput input = LogInput.of(file)) {
      Files.writeString(file, "3,1\n", java.nio.file.StandardOpenOption.APPEND);
      LogRows rows = new LogRows(input, RowFilter.all());
      int n = 0;
      while (rows.next()) {
        n++;
      }
      assertEquals(2, n);
    }
    assertEquals(3, LogReader.readRun(file, ColumnMap.none()).size());
  }

  @Test
  void readsAFileThatVanishesWhileItIsOpen() throws IOException {
    Path file = Files.writeString(folder.resolve("log.csv"), GOOD);
    try (LogInput input = LogInput.of(file)) {
      Files.delete(file);
      LogRows rows = new LogRows(input, RowFilter.all());
      assertTrue(rows.next());
    }
    LogException e =
        assertThrows(LogException.class, () -> LogReader.readRun(file, ColumnMap.none()));
    assertTrue(e.getMessage().contains("no such file"), e.getMessage());
    LogException empty =
        assertThrows(LogException.class, () -> LogReader.readRun(folder, ColumnMap.none()));
    assertTrue(empty.getMessage().contains("a directory that is no log"), empty.getMessage());
  }

  @Test
  void readsBeyondAnyHeapInBoundedMemory() {
    // 100 MB of lines of one step, of which one row is held.
    LogSummary read =
        assertTimeoutPreemptively(
            Duration.ofSeconds(120),
            () -> read(new Endless("{\"step\": 7, \"loss\": 2.5}\n", 25L * 4_000_000)));
    assertEquals(4_000_000, read.rows());
    assertEquals(1, read.run().size());
  }
}
