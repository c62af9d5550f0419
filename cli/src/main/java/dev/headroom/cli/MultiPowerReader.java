package dev.headroom.cli;

import dev.headroom.scaling.fit.MultiPowerFit;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.MultiPowerLaw;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gathers the points of the multi-power law, and the law of the schedules of the runs. */
final class MultiPowerReader {

  private final LogFiles files;
  private final List<double[]> rows = new ArrayList<>();
  private final List<Double> losses = new ArrayList<>();
  private final List<Integer> of = new ArrayList<>();
  private final List<double[]> rates = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, String> columns = new LinkedHashMap<>();

  MultiPowerReader(LogFiles files) {
    this.files = files;
  }

  /**
   * Reads the points.
   *
   * @param schedules texts of the schedules: none, one for all, or one a file
   */
  LawPoints read(List<String> names, List<String> schedules) {
    if (schedules.size() > 1 && schedules.size() != names.size()) {
      throw new IllegalArgumentException(
          "--schedule: "
              + (schedules.size() + " for " + Figures.count(names.size(), "file"))
              + " (expected: none, one for all, or one for each file in the same order)");
    }
    List<String> series = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Run run = files.run(names.get(i));
      series.add(Path.of(run.name()).getFileName().toString());
      String text = schedules.isEmpty() ? null : schedules.get(schedules.size() == 1 ? 0 : i);
      add(run, RunSchedule.of(run, text), i);
    }
    if (losses.isEmpty()) {
      throw new LogException(
          String.join(", ", names), 0, LogException.Kind.EMPTY, "no point is left to fit");
    }
    Observations data =
        new Observations(
            rows.toArray(new double[0][]),
            losses.stream().mapToDouble(Double::doubleValue).toArray(),
            of.stream().mapToInt(Integer::intValue).toArray());
    notes.add(
        "points count evenly in the logarithm of the step, and shapes of which --fix, --bound, --tie"
            + " and --prior say nothing are held at be = 1, g = .25: these runs leave them open");
    return new LawPoints(MultiPowerFit.evenly(data), series, data.group(), columns, notes);
  }

  /** Returns the law of the schedules that were read. */
  MultiPowerLaw law() {
    return new MultiPowerLaw(rates.toArray(new double[0][]));
  }

  private void add(Run run, RunSchedule given, int index) {
    Schedule schedule = given.schedule();
    columns.put(run.name(), given.source());
    run.notes().forEach(n -> notes.add(run.name() + ": " + n));
    rates.add(schedule.rates(Math.max(1, run.step()[run.size() - 1])));
    int left = 0;
    for (int i = 0; i < run.size(); i++) {
      long step = run.step()[i];
      double loss = run.loss()[i];
      if (step < 1 || step < schedule.warmup() || !(loss > 0) || Double.isInfinite(loss)) {
        left++;
        continue;
      }
      rows.add(new double[] {index, step});
      losses.add(loss);
      of.add(index);
    }
    if (left > 0) {
      notes.add(
          (run.name() + ": " + Figures.count(left, "point"))
              + " left out: in the warm-up, or the loss is NaN or infinite");
    }
  }
}
