package dev.headroom.scaling.log;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.check.Checker;
import dev.headroom.scaling.check.RulesFile;
import dev.headroom.scaling.law.text.OwnLaw;
import dev.headroom.scaling.schedule.Schedule;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * Everything that reads what others wrote. The corpus of a target is its folder under {@code
 * src/test/resources/fuzz}: small examples, and every input that ever broke a promise.
 */
final class FuzzTargets {
  static final Path CORPUS = Path.of("src/test/resources/fuzz");

  static final List<FuzzTarget> ALL =
      List.of(
          new FuzzTarget("jsonl", List.of(), FuzzTargets::log),
          new FuzzTarget("csv", List.of(), FuzzTargets::log),
          new FuzzTarget("json-document", List.of(), FuzzTargets::log),
          new FuzzTarget("text", List.of(), FuzzTargets::log),
          new FuzzTarget("gzip", gzip(), FuzzTargets::log),
          new FuzzTarget("tensorboard", events(), FuzzTargets::log),
          new FuzzTarget("tensorboard-file", events(), FuzzTargets::file),
          new FuzzTarget("wandb", wandb(), FuzzTargets::log),
          new FuzzTarget("wandb-file", wandb(), FuzzTargets::file),
          new FuzzTarget("mlflow-database", List.of(), FuzzTargets::file),
          new FuzzTarget("parquet", List.of(), FuzzTargets::file),
          new FuzzTarget("folder", folders(), FuzzTargets::folder),
          new FuzzTarget("schedule", List.of(), data -> schedule(text(data))),
          new FuzzTarget("formula", List.of(), data -> OwnLaw.of(text(data), "N", "D")),
          new FuzzTarget("filter", List.of(), data -> RowFilter.parse(text(data))),
          new FuzzTarget("columns", List.of(), data -> ColumnMap.parse(text(data))),
          new FuzzTarget("rules", List.of(), FuzzTargets::rules));

  private FuzzTargets() {}

  static FuzzTarget named(String name) {
    return ALL.stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  /** Returns the seeds of a target and what its corpus holds. */
  static List<byte[]> inputs(FuzzTarget target) {
    List<byte[]> all = new ArrayList<>(target.seeds());
    Path folder = CORPUS.resolve(target.name());
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.sorted().toList()) {
          all.add(Files.readAllBytes(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all;
  }

  private static void log(byte[] data) {
    either(
        () -> judge(LogReader.readRun(in(data), "log", ColumnMap.none(), RowFilter.all())),
        () -> LogReader.readTable(in(data), "log", RowFilter.all()));
  }

  private static ByteArrayInputStream in(byte[] data) {
    return new ByteArrayInputStream(data);
  }

  /** A file can be read twice, which some readers do. */
  private static void file(byte[] data) throws IOException {
    FuzzFolder.withFile(data, FuzzTargets::path);
  }

  private static void folder(byte[] data) throws IOException {
    FuzzFolder.with(data, FuzzTargets::path);
  }

  private static void path(Path path) {
    either(() -> judge(LogReader.readRun(path, ColumnMap.none())), () -> LogReader.readTable(path));
  }

  /** Tries the second even where the first refuses. */
  private static void either(Runnable first, Runnable second) {
    try {
      first.run();
    } finally {
      second.run();
    }
  }

  private static void judge(Run run) {
    Checker.check(run, CheckOptions.defaults());
  }

  private static void schedule(String text) {
    Schedule schedule = Schedule.parse(text);
    schedule.lr(1);
    if (!Schedule.parse(schedule.text()).text().equals(schedule.text())) {
      throw new AssertionError("schedule: " + schedule.text() + " is read back as another");
    }
  }

  private static void rules(byte[] data) throws IOException {
    FuzzFolder.withFile(
        text(data).getBytes(StandardCharsets.UTF_8),
        file -> RulesFile.read(file, CheckOptions.defaults(), false));
  }

  private static String text(byte[] data) {
    return new String(data, StandardCharsets.UTF_8);
  }

  private static List<byte[]> gzip() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write("step,loss\n1,3.5\n2,3.25\n".getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(out.toByteArray());
  }

  private static List<byte[]> events() {
    byte[] plain =
        new EventWriter()
            .scalar(0, "loss", 3.5)
            .scalar(10, "loss", 3.25)
            .scalar(10, "lr", 1e-3)
            .start(5)
            .scalar(6, "loss", 3)
            .toBytes();
    byte[] hostile = new EventWriter().frame(1L << 40).toBytes();
    return List.of(plain, hostile);
  }

  private static List<byte[]> wandb() {
    return List.of(
        new WandbWriter()
            .run("abc", WandbWriter.item("12", "layers"))
            .history(WandbWriter.item("1", "_step"), WandbWriter.item("3.5", "train", "loss"))
            .history(WandbWriter.item("2", "_step"), WandbWriter.item("\"NaN\"", "train", "loss"))
            .toBytes());
  }

  private static List<byte[]> folders() {
    String run = "mlruns/0/0123456789abcdef/";
    return List.of(
        FuzzFolder.pack("train/events.out.tfevents.1", events().get(0)),
        FuzzFolder.pack("run-1.wandb", wandb().get(0)),
        FuzzFolder.pack("files/wandb-history.jsonl", "{\"_step\":1,\"loss\":3.5}\n"),
        FuzzFolder.pack(
            run + "metrics/train/loss",
            "1700000000000 5.5 0\n1700000001500 nan 10\n",
            run + "params/layers",
            "12",
            run + "meta.yaml",
            "run_id: 0123456789abcdef\nrun_name: bold-cat-7\n"));
  }
}
