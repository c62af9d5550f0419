package dev.headroom.scaling.check.trial;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.RowFilter;
import dev.headroom.scaling.log.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Reads the public runs of a data folder: good ones and those with labelled faults. What is not
 * there is left out; a file that cannot be read is named in {@link #unread}.
 */
public final class PublicSets {
  /** Rose from 3.05 to 3.41 in the 44th epoch over the same data: no good run. */
  private static final String OVERFITTED = " 2.8B 44";

  private final Path data;
  private final List<String> unread = new ArrayList<>();

  /** Makes a reader of a data folder. */
  public PublicSets(Path data) {
    this.data = data;
  }

  /** Returns the files that could not be read so far, with the reason. */
  public List<String> unread() {
    return List.copyOf(unread);
  }

  /** Returns sets of good runs by name. */
  public Map<String, List<Run>> healthy() throws IOException {
    Map<String, List<Run>> out = new LinkedHashMap<>();
    each(out, "lr-schedules", ".csv", ColumnMap.none());
    each(out, "lr-dense-100M", ".csv", ColumnMap.none());
    seeds(out);
    panels(out);
    table(out, "gpt3-curves/curves.csv", List.of("model"), "tokens_B", "train_loss", 1e4);
    table(out, "gpt3-curves/curves.csv", List.of("model"), "tokens_B", "val_loss", 1e4);
    each(out, "olmo-ladder", ".csv", ColumnMap.parse("step=_step,loss=c4_en_loss"));
    table(out, "routed-lm/curves.csv.gz", List.of("hyper_id"), "step", "loss_c4", 1);
    table(
        out,
        "misfitting/trajectories.csv",
        List.of("model", "total_steps", "peak_lr", "N"),
        "current_steps",
        "loss",
        1);
    table(
        out,
        "data-constrained/trajectories.csv",
        List.of("run_tb", "num_params", "epochs"),
        "token_num",
        "loss",
        1);
    gemstones(out);
    each(out, "logs-nanogpt", "", ColumnMap.none());
    each(out, "ci-golden/automodel", ".jsonl", ColumnMap.none());
    each(out, "ci-golden/torchtitan", ".txt", ColumnMap.none());
    each(out, "ci-golden/megatron", ".json", ColumnMap.none());
    each(out, "logs-hf-trainer", ".json", ColumnMap.none());
    out.values().removeIf(List::isEmpty);
    return out;
  }

  /** Returns the runs with labelled faults. */
  public List<LabelledRun> labelled() throws IOException {
    List<LabelledRun> out = new ArrayList<>();
    for (Path file : files("logs-spikes", ".log")) {
      boolean large = file.toString().contains("176B");
      long at = large ? 31_219 : 29_050;
      spike(out, read(file, ColumnMap.none()), at, 20);
    }
    for (Path file : files("logs-spikes", ".csv")) {
      for (Run panel : panels(file)) {
        spike(out, panel, 145_888_000L, 200_000);
        spike(out, panel, 170_927_000L, 200_000);
      }
    }
    for (Path file : files("logs-megatron", ".log")) {
      Run run = read(file, ColumnMap.none());
      boolean diverged = file.toString().contains("bf16") || file.toString().contains("alibi-fp32");
      String what = diverged ? "diverged" : "stalled";
      Set<String> rules = diverged ? Set.of("divergence") : Set.of("stall", "divergence");
      if (run != null) {
        out.add(new LabelledRun(run, what, rules, 0, Long.MAX_VALUE));
      }
    }
    for (Run run : constrained()) {
      if (run.name().contains(OVERFITTED)) {
        out.add(new LabelledRun(run, "overfitted", Set.of("divergence"), 0, Long.MAX_VALUE));
      }
    }
    return out;
  }

  private static void spike(List<LabelledRun> out, Run run, long at, long around) {
    if (run != null) {
      out.add(new LabelledRun(run, "spike at " + at, Set.of("spike"), at - around, at + around));
    }
  }

  private List<Run> constrained() throws IOException {
    Path file = data.resolve("data-constrained/trajectories.csv");
    List<String> group = List.of("run_tb", "num_params", "epochs");
    return Files.exists(file) ? new TableRuns(group, "token_num", "loss", 1).read(file) : List.of();
  }

  private void table(
      Map<String, List<Run>> out,
      String file,
      List<String> group,
      String step,
      String loss,
      double scale)
      throws IOException {
    Path path = data.resolve(file);
    if (Files.exists(path)) {
      List<Run> runs = new ArrayList<>(new TableRuns(group, step, loss, scale).read(path));
      runs.removeIf(r -> r.name().contains(OVERFITTED));
      String name = file.substring(0, file.indexOf('/'));
      out.put(loss.equals("val_loss") ? name + " validation" : name, runs);
    }
  }

  private void each(Map<String, List<Run>> out, String folder, String suffix, ColumnMap map)
      throws IOException {
    List<Run> runs = new ArrayList<>();
    for (Path file : files(folder, suffix)) {
      Run run = file.endsWith("README.md") ? null : read(file, map);
      if (run != null) {
        runs.add(run);
      }
    }
    out.put(folder.replace('/', ' '), runs);
  }

  private void seeds(Map<String, List<Run>> out) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (Path file : files("logs-seeds", ".csv")) {
      double[] keys = LogReader.readTable(file).column("run");
      for (double key : Arrays.stream(keys).distinct().toArray()) {
        runs.add(LogReader.readRun(file, ColumnMap.none(), RowFilter.parse("run == " + key)));
      }
    }
    out.put("logs-seeds", runs);
  }

  private void panels(Map<String, List<Run>> out) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (Path file : files("logs-wandb", ".csv")) {
      runs.addAll(panels(file));
    }
    out.put("logs-wandb", runs);
  }

  private static List<Run> panels(Path file) {
    List<Run> out = new ArrayList<>();
    for (String column : LogReader.readTable(file).columns()) {
      if (!column.equals("Step") && !column.contains("__M")) {
        ColumnMap map = ColumnMap.none().with("step", "Step").with("loss", column);
        out.add(LogReader.readRun(file, map));
      }
    }
    return out;
  }

  private void gemstones(Map<String, List<Run>> out) throws IOException {
    List<Run> runs = new ArrayList<>();
    for (Path file : files("gemstones", ".jsonl")) {
      Set<String> names = new TreeSet<>();
      for (String line : Files.readAllLines(file)) {
        names.add(line.substring(line.indexOf(':') + 2, line.indexOf(',') - 1));
      }
      for (String name : names) {
        RowFilter own = RowFilter.parse("run_name == '" + name + "'");
        runs.add(LogReader.readRun(file, ColumnMap.none(), own));
      }
    }
    out.put("gemstones", runs);
  }

  private Run read(Path file, ColumnMap map) {
    try {
      return LogReader.readRun(file, map);
    } catch (LogException | IllegalArgumentException e) {
      unread.add(data.relativize(file) + ": " + e.getMessage());
      return null;
    }
  }

  private List<Path> files(String folder, String suffix) throws IOException {
    Path path = data.resolve(folder);
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(path)) {
      return all.filter(p -> Files.isRegularFile(p) && p.toString().endsWith(suffix))
          .sorted()
          .toList();
    }
  }
}
