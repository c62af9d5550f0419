package dev.headroom.cli.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.cli.ExitCode;
import dev.headroom.cli.Headroom;
import dev.headroom.fixtures.corpus.Corpus;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  private static final String SCHEDULE = "cosine(peak=3e-3,warmup=2,total=12)";

  @TempDir Path folder;
  private Path corpus;
  private String err;

  @BeforeEach
  void makeCorpus() throws IOException {
    corpus = Files.writeString(folder.resolve("corpus.txt"), Corpus.text(40_000, 5));
  }

  private int headroom(List<String> words) {
    StringWriter messages = new StringWriter();
    int code =
        Headroom.run(
            words.toArray(new String[0]),
            new PrintWriter(new StringWriter()),
            new PrintWriter(messages));
    err = messages.toString();
    return code;
  }

  private List<String> small(Path run, String... more) {
    List<String> words =
        new ArrayList<>(
            List.of("train", "--corpus", corpus.toString(), "--width", "4", "--layers", "1"));
    words.addAll(List.of("--context", "16", "--batch", "2", "--schedule", SCHEDULE));
    words.addAll(List.of("--eval-every", "3", "--eval-batches", "1", "--threads", "1"));
    words.addAll(List.of("-q", "-o", run.toString()));
    words.addAll(Arrays.asList(more));
    return words;
  }

  /** The log without what time it was. */
  private static List<String> log(Path run) throws IOException {
    return Files.readAllLines(run.resolve("log.jsonl")).stream()
        .map(line -> line.replaceAll("\"time\":[0-9.]+", ""))
        .toList();
  }

  private static byte[] arrays(Path run) throws IOException {
    byte[] all = Files.readAllBytes(RunState.file(run));
    // the text in front holds the seconds, the checksum at the end depends on it
    int from =
        16
            + (int)
                java.nio.ByteBuffer.wrap(all, 8, 8)
                    .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .getLong();
    return Arrays.copyOfRange(all, from, all.length - 8);
  }

  @Test
  void resumesBitForBit() throws IOException {
    Path whole = folder.resolve("whole");
    Path parts = folder.resolve("parts");
    assertEquals(ExitCode.OK, headroom(small(whole, "--steps", "12", "--dropout", "0.1")), err);
    assertEquals(ExitCode.OK, headroom(small(parts, "--steps", "6", "--dropout", "0.1")), err);
    assertEquals(
        ExitCode.OK,
        headroom(List.of("train", "--resume", parts.toString(), "--steps", "12", "-q")),
        err);
    assertEquals(log(whole), log(parts));
    assertArrayEquals(arrays(whole), arrays(parts));
  }

  @Test
  void losesNothingWhenItIsKilled() throws Exception {
    Path whole = folder.resolve("whole");
    Path killed = folder.resolve("killed");
    assertEquals(ExitCode.OK, headroom(small(whole, "--steps", "12")), err);
    kill(small(killed, "--steps", "12", "--save-every", "2"), killed, 7);
    assertFalse(log(killed).size() == 13, "killed before its end");
    assertEquals(ExitCode.OK, headroom(List.of("train", "--resume", killed.toString(), "-q")), err);
    assertEquals(log(whole), log(killed));
    assertArrayEquals(arrays(whole), arrays(killed));
  }

  @Test
  void keepsTheLastCheckpointWhenTheDiskIsFull() throws Exception {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.OK, headroom(small(run, "--steps", "4")), err);
    byte[] before = arrays(run);
    List<String> words = List.of("train", "--resume", run.toString(), "--steps", "8", "-q");
    // a limit on the size of files stands for a disk without room for the next checkpoint
    List<String> command =
        new ArrayList<>(List.of("bash", "-c", "ulimit -f 10000; exec \"$@\"", "bash"));
    command.addAll(java(words));
    Path messages = folder.resolve("messages");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(messages.toFile())
            .start();
    assertEquals(ExitCode.INPUT, process.waitFor(), Files.readString(messages));
    assertTrue(
        Files.readString(messages).contains("the checkpoint of step 4 is whole"),
        Files.readString(messages));
    assertArrayEquals(before, arrays(run));
    assertFalse(Files.exists(run.resolve("checkpoint.bin.tmp")));
  }

  @Test
  void addsALossOnNumbersAndKeepsItWhenItGoesOn() throws IOException {
    Path bare = folder.resolve("bare");
    Path run = folder.resolve("run");
    assertEquals(ExitCode.OK, headroom(small(bare, "--steps", "2", "--no-checkpoint")), err);
    assertEquals(
        ExitCode.OK, headroom(small(run, "--steps", "2", "--number-loss", "whole:9")), err);
    assertTrue(log(run).get(0).contains("\"number_loss\":\"whole:9\""), log(run).get(0));
    assertTrue(log(bare).get(0).contains("\"number_loss\":\"none\""), log(bare).get(0));
    Run with = LogReader.readRun(run.resolve("log.jsonl"), ColumnMap.none());
    Run without = LogReader.readRun(bare.resolve("log.jsonl"), ColumnMap.none());
    assertTrue(with.loss()[0] > without.loss()[0] + 0.1, "first loss " + with.loss()[0]);
    double[] heldOut = with.columns().get("val_loss");
    assertEquals(without.columns().get("val_loss")[1], heldOut[1], 0.02);
    List<String> words = List.of("train", "--resume", run.toString(), "--steps", "3", "-q");
    List<String> other = new ArrayList<>(words);
    other.addAll(List.of("--number-loss", "whole:8"));
    assertEquals(ExitCode.USAGE, headroom(other));
    assertTrue(err.contains("--number-loss: \"whole:8\" (expected: \"whole:9\""), err);
    assertEquals(ExitCode.OK, headroom(words), err);
  }

  private static List<String> java(List<String> words) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("dev.headroom.cli.Headroom");
    command.addAll(words);
    return command;
  }

  /** Runs the command in an own process and kills it once its log has so many lines. */
  private static void kill(List<String> words, Path run, int lines) throws Exception {
    Process process =
        new ProcessBuilder(java(words))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path log = run.resolve("log.jsonl");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (process.isAlive() && System.nanoTime() < end) {
      if (Files.exists(log) && Files.readAllLines(log).size() >= lines) {
        process.destroyForcibly();
      }
      Thread.sleep(2);
    }
    process.destroyForcibly().waitFor();
  }

  @Test
  void measuresLayersForTheLogAndChangesNothingElse() throws IOException {
    Path bare = folder.resolve("bare");
    Path run = folder.resolve("run");
    assertEquals(ExitCode.OK, headroom(small(bare, "--steps", "4", "--no-checkpoint")), err);
    assertEquals(
        ExitCode.OK,
        headroom(small(run, "--steps", "4", "--no-checkpoint", "--alignment-every", "2")),
        err);
    List<String> lines = log(run);
    assertTrue(lines.get(1).contains("\"sign_diversity.layer0.down\":"), lines.get(1));
    assertFalse(lines.get(2).contains("sign_diversity"), lines.get(2));
    assertTrue(lines.get(3).contains("\"sign_diversity.layer0.up\":"), lines.get(3));
    assertEquals(log(bare).get(4), lines.get(4));
    assertEquals(
        ExitCode.USAGE, headroom(small(folder.resolve("no"), "--alignment-every", "-1")), err);
  }

  @Test
  void tellsOfTheEndAndStopsWhereARuleSaysSo() throws IOException {
    Path run = folder.resolve("run");
    List<String> words = small(run, "--steps", "80", "--no-checkpoint", "--clip", "0");
    words.remove("-q");
    words.addAll(List.of("--forecast-every", "30", "--stop-on", "error"));
    // a rate that learns, then one that throws the weights about
    String rates = "0.003;".repeat(40) + "3;".repeat(39) + "3";
    words.set(words.indexOf(SCHEDULE), "rates(" + rates + ")");
    assertEquals(ExitCode.CHECK_FAILED, headroom(words), err);
    assertTrue(err.contains("\nstep 30: "), err);
    assertTrue(err.contains("error divergence at step ") || err.contains("error spike"), err);
    assertTrue(err.contains("stopped at step "), err);
    assertTrue(log(run).size() < 81, err);
    words.set(words.indexOf("error"), "never");
    words.add("--force");
    assertEquals(ExitCode.OK, headroom(words), err);
    assertEquals(81, log(run).size());
    words.set(words.indexOf("never"), "sometimes");
    assertEquals(ExitCode.USAGE, headroom(words), err);
    assertTrue(err.contains("--stop-on: sometimes"), err);
  }

  @Test
  void learns() throws IOException {
    Path run = folder.resolve("run");
    List<String> words = small(run, "--steps", "12", "--no-checkpoint", "--clip", "0");
    words.set(words.indexOf("--width") + 1, "16");
    words.set(words.indexOf(SCHEDULE), "constant(peak=0.03,total=12)");
    assertEquals(ExitCode.OK, headroom(words), err);
    Run read = LogReader.readRun(run.resolve("log.jsonl"), ColumnMap.none());
    double[] heldOut = read.columns().get("val_loss");
    assertTrue(heldOut[11] < 11, "held-out loss after 12 steps: " + heldOut[11]);
  }

  @Test
  void logsWhatReadersRead() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.OK, headroom(small(run, "--steps", "12", "--no-checkpoint")), err);
    Run read = LogReader.readRun(run.resolve("log.jsonl"), ColumnMap.none());
    assertEquals(12, read.size());
    // ln 200019 = 12.206 before anything is learned
    assertEquals(12.206, read.loss()[0], 0.05);
    assertEquals(12 * 32.0, read.columns().get("tokens")[11]);
    assertEquals(3e-3, read.columns().get("lr")[1], 0);
    assertTrue(Double.isFinite(read.columns().get("val_loss")[2]));
    assertEquals("1", read.settings().get("seed"));
    // 4 norms of 8 in one layer and the last: attention 4*12+12+4*4+4, inner 4*16+16+16*4+4
    assertEquals(Integer.toString(80 + 148 + 3 * 8), read.settings().get("params"));
    long tables = 2L * TokenSink.CLASSES * 4 + 16 * 4;
    assertEquals(Long.toString(80 + 148 + 24 + tables), read.settings().get("params_total"));
    assertFalse(Files.exists(RunState.file(run)));
    assertTrue(Files.readString(run.resolve("summary.json")).contains("\"peak_bytes\""));
  }

  @Test
  void theFirstLossIsThatOfDjlsPlainHead() throws IOException {
    Path ours = folder.resolve("ours");
    Path plain = folder.resolve("plain");
    assertEquals(ExitCode.OK, headroom(small(ours, "--steps", "2", "--no-checkpoint")), err);
    assertEquals(ExitCode.OK, headroom(small(plain, "--steps", "2", "--plain")), err);
    Run a = LogReader.readRun(ours.resolve("log.jsonl"), ColumnMap.none());
    Run b = LogReader.readRun(plain.resolve("log.jsonl"), ColumnMap.none());
    assertEquals(b.loss()[0], a.loss()[0], 2e-6 * b.loss()[0]);
    double norm = b.columns().get("grad_norm")[0];
    assertEquals(norm, a.columns().get("grad_norm")[0], 1e-4 * norm);
  }

  @Test
  void aRunThatBlowsUpStopsAndSaysSo() {
    Path run = folder.resolve("run");
    List<String> words = small(run, "--steps", "12", "--clip", "0");
    words.set(words.indexOf(SCHEDULE), "constant(peak=1e38,total=12)");
    assertEquals(ExitCode.CHECK_FAILED, headroom(words), err);
    assertTrue(err.contains("expected: finite numbers; stopped before the update"), err);
  }

  @Test
  void refusesCommandLinesThatMakeNoSense() throws IOException {
    Path run = folder.resolve("run");
    assertEquals(ExitCode.USAGE, headroom(List.of("train")));
    assertTrue(err.contains("-o: missing"), err);
    assertEquals(ExitCode.USAGE, headroom(small(run, "--steps", "13")));
    assertTrue(err.contains("expected: at most 12"), err);
    assertEquals(ExitCode.USAGE, headroom(small(run, "--heads", "3")));
    assertEquals(ExitCode.USAGE, headroom(small(run, "--delivery", "post")));
    assertEquals(ExitCode.USAGE, headroom(small(run, "--plain", "--z-loss", "1e-4")));
    assertEquals(
        ExitCode.USAGE, headroom(small(run, "--steps", "2", "--plain", "--number-loss", "whole")));
    assertTrue(err.contains("--number-loss: whole:0.3 (expected: none with --plain"), err);
    assertEquals(ExitCode.USAGE, headroom(small(run, "--steps", "2", "--number-loss", "emd:1")));
    assertTrue(err.contains("--number-loss: emd:1 (expected: KIND:WEIGHT"), err);
    assertEquals(ExitCode.USAGE, headroom(small(run, "--save-every", "0")));
    Files.createDirectories(run);
    Files.writeString(RunState.file(run), "no checkpoint at all");
    assertEquals(ExitCode.USAGE, headroom(small(run, "--steps", "2")));
    assertTrue(err.contains("holds a checkpoint"), err);
    assertEquals(ExitCode.INPUT, headroom(List.of("train", "--resume", run.toString())));
    assertTrue(err.contains("not a checkpoint"), err);
    assertEquals(ExitCode.INPUT, headroom(List.of("train", "--resume", folder.toString())));
  }
}
