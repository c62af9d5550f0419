package dev.headroom.scaling.log;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads a run of MLflow's file store: the run's folder, its {@code metrics}, a folder above that
 * holds one run, or one metric alone, named by its file.
 *
 * <p>The metrics are merged by step. System metrics are left out: their step counts samples of the
 * machine's state, not training steps. Parameters and the run's name become settings.
 */
final class MlflowFolderFormat implements LogFormat {
  private static final int MOST_METRICS = 1000;
  private static final int LONGEST_SETTING = 1000;

  @Override
  public String name() {
    return "MLflow file store";
  }

  @Override
  public boolean recognises(LogInput input) {
    if (!input.isFolder()) {
      return MlflowMetric.isMetric(input.headText()) && input.path() != null;
    }
    for (List<Path> metrics : runs(input.path()).values()) {
      if (MlflowMetric.isMetric(metrics.get(0))) {
        return true;
      }
    }
    return false;
  }

  /** Finds the metric files below a folder, by the run's folder. */
  private static Map<Path, List<Path>> runs(Path folder) {
    Map<Path, List<Path>> out = new TreeMap<>();
    int above = folder.toAbsolutePath().normalize().getNameCount() - 1;
    for (Path file : FolderListing.of(folder, f -> metrics(f, 0) > 0).files()) {
      Path full = file.toAbsolutePath().normalize();
      int at = metrics(full, above);
      if (at > 0) {
        Path run = full.getRoot().resolve(full.subpath(0, at));
        out.computeIfAbsent(run, r -> new ArrayList<>()).add(full);
      }
    }
    return out;
  }

  /** Returns where {@code metrics} stands in a path as the folder of a run's metrics, or -1. */
  private static int metrics(Path file, int from) {
    for (int i = Math.max(1, from); i < file.getNameCount() - 1; i++) {
      boolean isTrash = file.getName(i - 1).toString().equals(".trash");
      boolean isModel = i > 1 && file.getName(i - 2).toString().equals("models");
      if (isTrash || isModel) {
        return -1;
      }
      if (file.getName(i).toString().equals("metrics")) {
        return i;
      }
    }
    return -1;
  }

  @Override
  public RowSource open(LogInput input, Cells cells, Faults faults) {
    if (!input.isFolder()) {
      String key = input.path().getFileName().toString();
      MlflowMetric metric = new MlflowMetric(input.path(), input::bytes, key, cells, faults);
      return new StepMerge(input.name(), List.of(metric), Map.of(), 1);
    }
    Map<Path, List<Path>> runs = runs(input.path());
    if (runs.size() != 1) {
      throw new LogException(
          input.name(),
          0,
          LogException.Kind.UNREADABLE,
          Names.several("MLflow runs", runs.keySet()) + " (expected: the folder of one run)");
    }
    Path run = runs.keySet().iterator().next();
    SeriesLoss loss = new SeriesLoss();
    List<MlflowMetric> metrics = new ArrayList<>();
    int system = 0;
    for (Path file : runs.get(run)) {
      String key = slashes(run.resolve("metrics").relativize(file));
      if (key.startsWith("system/")) {
        system++;
      } else if (metrics.size() == MOST_METRICS) {
        faults.malformed("metric beyond the first " + MOST_METRICS, 0, key);
      } else {
        metrics.add(new MlflowMetric(file, () -> Files.newInputStream(file), key, cells, faults));
        loss.see(key, size(file), 0);
      }
    }
    if (system > 0) {
      faults.note(
          (system == 1 ? "1 system metric is" : system + " system metrics are")
              + " left out: their steps are no training steps");
    }
    StepMerge merge = new StepMerge(input.name(), metrics, settings(run), MOST_METRICS);
    return new EventRows(merge, loss.columns(), new long[2], faults);
  }

  private static String slashes(Path path) {
    List<String> parts = new ArrayList<>();
    path.forEach(part -> parts.add(part.toString()));
    return String.join("/", parts);
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private static Map<String, String> settings(Path run) {
    Map<String, String> out = new LinkedHashMap<>();
    for (String line : start(run.resolve("meta.yaml")).split("\n", -1)) {
      if (line.startsWith("run_name: ") || line.startsWith("run_id: ")) {
        int colon = line.indexOf(':');
        out.put(line.substring(0, colon), line.substring(colon + 1).strip());
      }
    }
    Path params = run.resolve("params");
    if (Files.isDirectory(params)) {
      for (Path file : FolderListing.of(params, f -> true).files()) {
        if (out.size() < MOST_METRICS) {
          out.put(slashes(params.relativize(file)), start(file).strip());
        }
      }
    }
    return out;
  }

  private static String start(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(LONGEST_SETTING), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
