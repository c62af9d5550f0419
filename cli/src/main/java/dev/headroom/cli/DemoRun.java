package dev.headroom.cli;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the demo trains and which points it fits. */
final class DemoRun {

  /** Chosen so that training takes three to four minutes on two cores. */
  static final int STEPS = 300;

  /** The law of the grid. */
  static final String LAW = "chinchilla";

  private DemoRun() {}

  /** Returns the command line of the training. */
  static List<String> train(Path folder, int steps, long seed) {
    int warmup = Math.max(1, steps / 10);
    String schedule =
        String.format(
            Locale.ROOT, "wsd(peak=3e-3,warmup=%d,decay=25%%,total=%d,final=3e-4)", warmup, steps);
    return List.of(
        "train",
        "--steps",
        Integer.toString(steps),
        "--width",
        "64",
        "--layers",
        "2",
        "--context",
        "128",
        "--batch",
        "4",
        "--schedule",
        schedule,
        "--seed",
        Long.toString(seed),
        "-o",
        folder.resolve("run").toString());
  }

  /** Returns where the training writes its log. */
  static Path log(Path folder) {
    return folder.resolve("run").resolve("log.jsonl");
  }

  /** Returns the points of the law as CSV: parameters, tokens and last losses of every run. */
  static String grid(Path folder) {
    List<Run> runs = new ArrayList<>(FixtureRuns.all());
    runs.add(LogReader.readRun(log(folder), ColumnMap.none()));
    StringBuilder csv = new StringBuilder("run,n,d,loss\n");
    for (Run run : runs) {
      String params = run.settings().get("params");
      double[] tokens = run.columns().get("tokens");
      if (params == null || tokens == null) {
        continue;
      }
      csv.append(run.name()).append(',').append(params).append(',');
      csv.append(String.format(Locale.ROOT, "%.0f", tokens[tokens.length - 1])).append(',');
      csv.append(lastLoss(run)).append('\n');
    }
    return csv.toString();
  }

  /** Returns the last validation loss, or the mean of the last tenth of the training losses. */
  private static double lastLoss(Run run) {
    double[] validation = run.columns().get("val_loss");
    if (validation != null) {
      for (int i = validation.length - 1; i >= 0; i--) {
        if (Double.isFinite(validation[i])) {
          return validation[i];
        }
      }
    }
    int from = run.size() - Math.max(1, run.size() / 10);
    double sum = 0;
    for (int i = from; i < run.size(); i++) {
      sum += run.loss()[i];
    }
    return sum / (run.size() - from);
  }
}
