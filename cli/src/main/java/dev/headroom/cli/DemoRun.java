package dev.headroom.cli;

import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the demo trains and which points it fits. */
final class DemoRun {

  /** With width 96 three to four minutes of two cores; wider than every fixture run. */
  static final int STEPS = 200;

  /** The law of the grid. */
  static final String LAW = "chinchilla";

  private static final String WIDTH = "96";

  private DemoRun() {}

  /** Returns the command line of the training. */
  static List<String> train(Path folder, int steps, long seed) {
    List<String> words = new ArrayList<>(List.of("train", "--steps", Integer.toString(steps)));
    words.addAll(List.of("--width", WIDTH, "--layers", "2", "--context", "128", "--batch", "4"));
    words.addAll(List.of("--schedule", schedule(steps), "--seed", Long.toString(seed)));
    words.addAll(List.of("--no-checkpoint", "-o", folder.resolve("run").toString()));
    return words;
  }

  /** The shape and the rates of the fixture runs, so that these can lend theirs. */
  private static String schedule(int steps) {
    int warmup = Math.max(1, steps / 10);
    return String.format(
        Locale.ROOT, "wsd(peak=3e-3,warmup=%d,decay=25%%,total=%d,final=3e-4)", warmup, steps);
  }

  /** Returns where the training writes its log. */
  static Path log(Path folder) {
    return folder.resolve("run").resolve("log.jsonl");
  }

  /**
   * Returns the points of the law as CSV: parameters, tokens and held-out loss of every run while
   * its learning rate is at its peak, beyond twice the warm-up. There and only there losses at
   * different tokens can be compared: annealing lowers them by more than tokens do.
   */
  static String grid(Path folder) {
    List<Run> runs = new ArrayList<>(FixtureRuns.all());
    runs.add(LogReader.readRun(log(folder), ColumnMap.none()));
    StringBuilder csv = new StringBuilder("run,step,n,d,loss\n");
    Set<String> seen = new HashSet<>();
    for (Run run : runs) {
      add(run, csv, seen);
    }
    return csv.toString();
  }

  /** Runs of one seed are the same up to the first difference of their rates: kept once. */
  private static void add(Run run, StringBuilder csv, Set<String> seen) {
    double[] tokens = run.columns().get("tokens");
    double[] heldOut = run.columns().get("val_loss");
    String params = run.settings().get("params");
    if (tokens == null || heldOut == null || params == null) {
      return;
    }
    Schedule schedule = RunSchedule.of(run, null).schedule();
    double peak = schedule.lr(Math.max(1, schedule.warmup()));
    for (int i = 0; i < run.size(); i++) {
      long step = run.step()[i];
      boolean atPeak = step > 2 * schedule.warmup() && schedule.lr(step) >= peak * (1 - 1e-9);
      if (!atPeak || !Double.isFinite(heldOut[i])) {
        continue;
      }
      String point = String.format(Locale.ROOT, "%s,%.0f,%s", params, tokens[i], heldOut[i]);
      if (seen.add(point)) {
        csv.append(name(run)).append(',').append(step).append(',').append(point).append('\n');
      }
    }
  }

  private static String name(Run run) {
    return run.name().startsWith("fixture ") ? run.name().substring(8) : "demo";
  }
}
