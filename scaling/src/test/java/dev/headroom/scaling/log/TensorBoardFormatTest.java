package dev.headroom.scaling.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads event files that {@link EventWriter} wrote, and real ones.
 *
 * <p>Checked besides, outside of this repository: files and folders written by tensorboardX 2.6.5
 * and by TensorBoard 2.21's own writer, read here and by TensorBoard's EventAccumulator: the same
 * steps and values bit for bit, and the same values purged by {@code purge_step}.
 */
class TensorBoardFormatTest {
  @TempDir Path temp;

  private static Run run(Path path) {
    return LogReader.readRun(path, ColumnMap.none());
  }

  private static Run run(Path path, String map) {
    return LogReader.readRun(path, ColumnMap.parse(map));
  }

  private static void assertNote(Run run, String part) {
    assertTrue(run.notes().stream().anyMatch(n -> n.contains(part)), run.notes().toString());
  }

  @Test
  void readsSimpleValuesAndPutsOneStepIntoOneRow() throws IOException {
    Path file =
        new EventWriter()
            .scalar(0, "train/loss", 11.5)
            .scalar(0, "train/lr", 1e-3)
            .scalar(10, "train/loss", 8.25)
            .scalar(10, "train/lr", 5e-4)
            .to(temp, "1");
    Run run = run(file);
    assertArrayEquals(new long[] {0, 10}, run.step());
    assertArrayEquals(new double[] {11.5, 8.25}, run.loss());
    assertArrayEquals(new double[] {1e-3f, 5e-4f}, run.columns().get("lr"));
    assertArrayEquals(
        new double[] {EventWriter.TIME, EventWriter.TIME + 10}, run.columns().get("time"));
  }

  @Test
  void readsTensorScalarsOfEveryType() throws IOException {
    EventWriter writer = new EventWriter();
    Object[][] cases = {
      {1, bytes(4).putFloat(0.1f), (double) 0.1f},
      {2, bytes(8).putDouble(0.1), 0.1},
      {3, bytes(4).putInt(-7), -7.0},
      {4, bytes(1).put((byte) 200), 200.0},
      {5, bytes(2).putShort((short) -300), -300.0},
      {6, bytes(1).put((byte) -3), -3.0},
      {9, bytes(8).putLong(1L << 40), 0x1p40},
      {10, bytes(1).put((byte) 1), 1.0},
      {14, bytes(2).putShort((short) 0x3fc0), 1.5},
      {17, bytes(2).putShort((short) -1), 65535.0},
      {19, bytes(2).putShort((short) 0x3555), 0.333251953125},
      {19, bytes(2).putShort((short) 0x8001), -0x1p-24},
      {19, bytes(2).putShort((short) 0xfc00), Double.NEGATIVE_INFINITY},
      {22, bytes(4).putInt(-1), 4294967295.0},
      {23, bytes(8).putLong(-1), 0x1p64},
    };
    for (int i = 0; i < cases.length; i++) {
      int type = (Integer) cases[i][0];
      byte[] content = ((ByteBuffer) cases[i][1]).array();
      writer.tensor(i, "loss", new ProtoWriter().varint(1, type).bytes(4, content));
    }
    Run run = run(writer.to(temp, "1"));
    double[] expected = Arrays.stream(cases).mapToDouble(c -> (Double) c[2]).toArray();
    assertArrayEquals(expected, run.loss());
  }

  private static ByteBuffer bytes(int width) {
    return ByteBuffer.allocate(width).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void readsTensorScalarsFromTheListOfTheirType() throws IOException {
    ProtoWriter scalarShape = new ProtoWriter();
    ProtoWriter oneElement = new ProtoWriter().message(2, new ProtoWriter().varint(1, 1));
    EventWriter writer =
        new EventWriter()
            .tensor(0, "loss", new ProtoWriter().varint(1, 1).fixed32(5, 2.5f))
            .tensor(
                1,
                "loss",
                new ProtoWriter()
                    .varint(1, 1)
                    .message(2, scalarShape)
                    .bytes(5, bytes(4).putFloat(3.5f).array()))
            .tensor(2, "loss", new ProtoWriter().varint(1, 2).fixed64(6, 4.5))
            .tensor(3, "loss", new ProtoWriter().varint(1, 3).varint(7, 5))
            .tensor(4, "loss", new ProtoWriter().varint(1, 19).varint(13, 0x4600))
            .tensor(5, "loss", new ProtoWriter().varint(1, 14).varint(13, 0x40e0))
            .tensor(6, "loss", new ProtoWriter().varint(1, 9).varint(10, 8).message(2, oneElement))
            .tensor(7, "loss", new ProtoWriter().varint(1, 1).message(2, scalarShape));
    assertArrayEquals(
        new double[] {2.5, 3.5, 4.5, 5, 6, 7, 8, 0}, run(writer.to(temp, "1")).loss());
  }

  @Test
  void passesOverTextsHistogramsPicturesAndVectors() throws IOException {
    ProtoWriter three = new ProtoWriter().message(2, new ProtoWriter().varint(1, 3));
    EventWriter writer =
        new EventWriter()
            .values(
                1,
                EventWriter.scalar("loss", 2),
                new ProtoWriter().text(1, "histogram").message(5, new ProtoWriter().fixed64(1, 3)),
                new ProtoWriter().text(1, "picture").message(4, new ProtoWriter().varint(1, 3)))
            .tensor(1, "config", new ProtoWriter().varint(1, 7).text(8, "gin"))
            .tensor(
                1,
                "vector",
                new ProtoWriter().varint(1, 1).message(2, three).bytes(4, new byte[12]));
    Table table = LogReader.readTable(writer.to(temp, "1"));
    assertEquals(List.of("step", "wall_time", "loss"), table.columns());
    assertEquals(1, table.rows());
  }

  @Test
  void anOldWriterNamesASeriesInNodeName() throws IOException {
    ProtoWriter value = new ProtoWriter().text(7, "loss").fixed32(2, 3);
    Run run = run(new EventWriter().values(1, value).to(temp, "1"));
    assertArrayEquals(new double[] {3}, run.loss());
  }

  @Test
  void foldersNameTheirSeriesAndTheTrainingLossIsFound() throws IOException {
    EventWriter train = new EventWriter();
    EventWriter eval = new EventWriter();
    for (int step = 1; step <= 100; step++) {
      train.scalar(step, "loss", 10.0 / step).scalar(step, "lr", 1);
      if (step % 50 == 0) {
        eval.scalar(step, "loss", 20.0 / step);
      }
    }
    train.to(temp.resolve("run/logs/train"), "1");
    eval.to(temp.resolve("run/logs/eval"), "2");
    Run run = run(temp.resolve("run"));
    assertEquals(100, run.size());
    assertEquals(0.1f, run.loss()[99]);
    assertEquals(0.2f, run.columns().get("val_loss")[99]);
    assertNote(run, "the loss is taken from column 'train/loss'");
    assertFalse(run.notes().toString().contains("go back"), run.notes().toString());
  }

  @Test
  void severalRunsInOneFolderAreSaid() throws IOException {
    new EventWriter().scalar(1, "loss", 4).to(temp.resolve("version_0"), "1");
    new EventWriter().scalar(1, "loss", 5).scalar(2, "loss", 3).to(temp.resolve("version_1"), "2");
    Run run = run(temp);
    assertArrayEquals(new double[] {5, 3}, run.loss());
    assertNote(run, "besides 'version_1/loss' there is 1 other loss: version_0/loss");
    assertArrayEquals(new double[] {4}, run(temp, "loss=version_0/loss").loss());
  }

  @Test
  void twoWritersInOneFolderDoNotPurgeEachOther() throws IOException {
    new EventWriter().scalar(1, "loss", 4).scalar(2, "loss", 3).to(temp, "1");
    new EventWriter().scalar(1, "val_loss", 5).scalar(2, "val_loss", 6).to(temp, "2");
    Run run = run(temp);
    assertArrayEquals(new double[] {4, 3}, run.loss());
    assertArrayEquals(new double[] {5, 6}, run.columns().get("val_loss"));
    assertFalse(run.notes().toString().contains("restart"), run.notes().toString());
  }

  @Test
  void aSessionStartPurgesWhatWasWrittenBeforeFromItsStepOn() throws IOException {
    EventWriter first = new EventWriter();
    for (int step = 0; step <= 10; step++) {
      first.scalar(step, "loss", 100 + step).scalar(step, "other", step);
    }
    first.to(temp, "1");
    new EventWriter().start(7).scalar(8, "loss", 8).scalar(12, "loss", 12).to(temp, "2");
    Table table = LogReader.readTable(temp);
    assertArrayEquals(
        new double[] {0, 1, 2, 3, 4, 5, 6, 8, 12}, table.column("step"), table.toString());
    Run run = run(temp);
    assertEquals(106, run.loss()[6]);
    assertArrayEquals(new double[] {8, 12}, Arrays.copyOfRange(run.loss(), 7, 9));
    assertNote(run, "8 values written before a restart, from step 7 on, were left out");
  }

  @Test
  void aSessionStartInsideAFileCountsToo() throws IOException {
    Path file =
        new EventWriter()
            .scalar(1, "loss", 1)
            .scalar(2, "loss", 2)
            .scalar(3, "loss", 3)
            .start(2)
            .scalar(4, "loss", 4)
            .to(temp, "1");
    assertArrayEquals(new long[] {1, 4}, run(file).step());
  }

  @Test
  void aLaterFilePurgesItsOwnSeriesWithoutASessionStart() throws IOException {
    EventWriter first = new EventWriter();
    for (int step = 0; step <= 10; step++) {
      first.scalar(step, "loss", 100 + step);
    }
    first.to(temp, "1");
    new EventWriter().scalar(6, "loss", 6).scalar(9, "loss", 9).to(temp, "2");
    Run run = run(temp);
    assertArrayEquals(new long[] {0, 1, 2, 3, 4, 5, 6, 9}, run.step());
    assertArrayEquals(new double[] {6, 9}, Arrays.copyOfRange(run.loss(), 6, 8));
    assertNote(run, "5 values written before a restart, from step 6 on, were left out");
  }

  @Test
  void equalStepsInOneFileAreDuplicates() throws IOException {
    Run run = run(new EventWriter().scalar(1, "loss", 4).scalar(1, "loss", 3).to(temp, "1"));
    assertArrayEquals(new double[] {3}, run.loss());
    assertNote(run, "1 duplicate step");
  }

  @Test
  void aStreamIsReadLikeAFile() {
    EventWriter writer = new EventWriter();
    for (int step = 1; step <= 1000; step++) {
      writer.scalar(step, "loss", 1.0 / step).scalar(step, "lr", 1);
    }
    Run run =
        LogReader.readRun(
            new ByteArrayInputStream(writer.toBytes()), "-", ColumnMap.none(), RowFilter.all());
    assertEquals(1000, run.size());
    assertEquals(1.0 / 1000, run.loss()[999], 1e-9);
  }

  @Test
  void aWrongChecksumCostsOneRecordAndIsCounted() throws IOException {
    byte[] bytes =
        new EventWriter().scalar(1, "loss", 4).scalar(2, "loss", 3).scalar(3, "loss", 2).toBytes();
    int size = new EventWriter().scalar(1, "loss", 4).toBytes().length;
    bytes[size + 20] ^= 1;
    Path file = Files.write(temp.resolve("log"), bytes);
    Run run = run(file);
    assertArrayEquals(new long[] {1, 3}, run.step());
    assertNote(run, "1 record left out: record with a wrong checksum, first at " + file);
    assertNote(run, "log, record 3 (at byte ");
  }

  @Test
  void aWrongChecksumOfALengthCostsTheRest() throws IOException {
    byte[] bytes =
        new EventWriter().scalar(1, "loss", 4).scalar(2, "loss", 3).scalar(3, "loss", 2).toBytes();
    bytes[new EventWriter().scalar(1, "loss", 4).toBytes().length] ^= 1;
    Run run = run(Files.write(temp.resolve("log"), bytes));
    assertArrayEquals(new long[] {1}, run.step());
    assertNote(run, "the rest of the file is lost");
  }

  @Test
  void everyTruncationIsReadAsFarAsItGoes() throws IOException {
    byte[] bytes =
        new EventWriter().scalar(1, "loss", 4).scalar(2, "loss", 3).scalar(3, "loss", 2).toBytes();
    int one = new EventWriter().scalar(1, "loss", 4).toBytes().length;
    int two = new EventWriter().scalar(1, "loss", 4).scalar(2, "loss", 3).toBytes().length;
    for (int n = one; n < bytes.length; n++) {
      Run run = run(Files.write(temp.resolve("log"), Arrays.copyOf(bytes, n)));
      assertEquals(n < two ? 1 : 2, run.size(), "bytes: " + n);
      if (n != one && n != two) {
        assertNote(run, "the last record is cut and was left out");
      }
    }
  }

  @Test
  void hostileLengthsAllocateNothingAndEnd() throws IOException {
    for (long length : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 31, 1 << 26}) {
      EventWriter writer = new EventWriter().scalar(1, "loss", 4).frame(length);
      Path file = Files.write(temp.resolve("log"), writer.toBytes());
      Run run = assertTimeout(Duration.ofSeconds(5), () -> run(file), "length: " + length);
      assertEquals(1, run.size());
      assertNote(run, "the last record is cut");
    }
  }

  @Test
  void recordsThatAreNoEventsAreCounted() throws IOException {
    Path file =
        new EventWriter()
            .record(new byte[] {(byte) 0xff, 1, 2})
            .record(new byte[0])
            .scalar(1, "loss", 4)
            .to(temp, "1");
    assertNote(run(file), "record that is no event");
    Path other = Files.write(temp.resolve("examples"), examples());
    LogException e = assertThrows(LogException.class, () -> run(other));
    assertTrue(e.getMessage().contains("no TensorBoard events (expected: "), e.getMessage());
  }

  private static byte[] examples() {
    byte[] version = new EventWriter().toBytes();
    byte[] both =
        new EventWriter()
            .record(new ProtoWriter().message(1, new ProtoWriter().text(1, "x")))
            .toBytes();
    return Arrays.copyOfRange(both, version.length, both.length);
  }

  @Test
  void aMillionNamesOfSeriesAreBounded() throws IOException {
    EventWriter writer = new EventWriter().scalar(0, "loss", 1);
    for (int i = 0; i < 1_000_000; i++) {
      writer.scalar(i, "series" + i, 1);
    }
    Path file = writer.scalar(1_000_000, "loss", 2).to(temp, "1");
    Run run = assertTimeout(Duration.ofSeconds(60), () -> run(file));
    assertArrayEquals(new double[] {1, 2}, run.loss());
    assertNote(run, "series beyond the first 4096");
  }

  @Test
  void foldersWithoutEventsSaySo() throws IOException {
    Path empty = Files.createDirectory(temp.resolve("empty"));
    assertThrows(LogException.class, () -> run(empty));
    Files.createFile(empty.resolve("events.out.tfevents.1"));
    LogException e = assertThrows(LogException.class, () -> run(empty));
    assertTrue(e.getMessage().contains("(expected: "), e.getMessage());
  }

  @Test
  void aMillionScalarsAreRead() throws IOException {
    EventWriter writer = new EventWriter();
    LongStream.range(0, 1_000_000).forEach(s -> writer.scalar(s, "loss", 1.0 / (1 + s)));
    Path file = writer.to(temp, "1");
    Run run = run(file);
    assertEquals(1_000_000, run.size());
    assertEquals(1e-6, run.loss()[999_999], 1e-12);
  }

  @Test
  void realEvaluationFileOfT5xHasItsKnownValues() {
    Path data = Path.of("../../shared/data/logs-tensorboard/base");
    Assumptions.assumeTrue(Files.isDirectory(data), "no " + data);
    Run run = run(data.resolve("training_eval"));
    assertEquals(101, run.size());
    assertEquals(0, run.step()[0]);
    assertEquals(1_000_000, run.step()[100]);
    assertEquals(10.924717903137207, run.loss()[0]);
    assertEquals(0.922572135925293, run.loss()[100]);
    Run whole = run(data);
    assertNote(whole, "'training_eval/pile_r_denoiser/loss_per_all_target_tokens'");
    assertArrayEquals(run.loss(), whole.loss());
    Run negative = run(data, "loss=train/loss_per_all_target_tokens");
    assertEquals(-2.3849258422851562, negative.loss()[0]);
  }
}
