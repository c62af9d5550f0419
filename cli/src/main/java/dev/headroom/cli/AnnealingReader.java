package dev.headroom.cli;

import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.log.LogException;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Areas;
import dev.headroom.scaling.schedule.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gathers the points of the annealing law: S1 and S2 of each run's schedule at its logged steps.
 */
final class AnnealingReader {

  private final LogFiles files;
  private final List<String> schedules;
  private final List<double[]> rows = new ArrayList<>();
  private final List<Double> losses = new ArrayList<>();
  private final List<Integer> of = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, String> columns = new LinkedHashMap<>();

  /**
   * Makes the reader.
   *
   * @param schedules texts of the schedules, in the order of the files; one may serve all, none
   *     means the lr column or the header of each log
   */
  AnnealingReader(LogFiles files, List<String> schedules) {
    this.files = files;
    this.schedules = schedules;
  }

  LawPoints read(List<String> names) {
    if (schedules.size() > 1 && schedules.size() != names.size()) {
      throw new IllegalArgumentException(
          "--schedule: "
              + schedules.size()
              + " for "
              + Figures.count(names.size(), "file")
              + " (expected: one for all, one for each file in the same order, or none where every"
              + " log has an lr column)");
    }
    List<String> series = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Run run = files.run(names.get(i));
      series.add(Path.of(run.name()).getFileName().toString());
      add(run, RunSchedule.of(run, text(i)), i);
    }
    if (losses.isEmpty()) {
      throw new LogException(
          String.join(", ", names), 0, LogException.Kind.EMPTY, "no point is left to fit");
    }
    double[] loss = losses.stream().mapToDouble(Double::doubleValue).toArray();
    int[] index = of.stream().mapToInt(Integer::intValue).toArray();
    Observations data = new Observations(rows.toArray(new double[0][]), loss, index);
    return new LawPoints(data, series, index, columns, notes);
  }

  private String text(int file) {
    return schedules.isEmpty() ? null : schedules.get(schedules.size() == 1 ? 0 : file);
  }

  private void add(Run run, RunSchedule given, int index) {
    Schedule schedule = given.schedule();
    columns.put(run.name(), given.source());
    run.notes().forEach(n -> notes.add(run.name() + ": " + n));
    long last = run.step()[run.size() - 1];
    Areas areas = Areas.of(schedule, Math.max(1, last), Areas.LAMBDA);
    double[] s1 = areas.s1();
    double[] s2 = areas.s2();
    int left = 0;
    for (int i = 0; i < run.size(); i++) {
      long step = run.step()[i];
      double loss = run.loss()[i];
      if (step < 1 || step < schedule.warmup() || !(loss > 0) || Double.isInfinite(loss)) {
        left++;
        continue;
      }
      rows.add(new double[] {s1[(int) step - 1], s2[(int) step - 1]});
      losses.add(loss);
      of.add(index);
    }
    if (left > 0) {
      notes.add(
          run.name()
              + ": "
              + Figures.count(left, "point")
              + " left out: in the warm-up, or the loss is NaN or infinite");
    }
  }
}
