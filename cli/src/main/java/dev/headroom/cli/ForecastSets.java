package dev.headroom.cli;

import dev.headroom.scaling.forecast.Sibling;
import dev.headroom.scaling.forecast.Trial.Case;
import dev.headroom.scaling.log.ColumnMap;
import dev.headroom.scaling.log.LogReader;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The finished runs whose ends {@code selftest forecasts} forecasts: three public sets where their
 * folder is given, else the small runs that come with Headroom. A run is never its own sibling.
 */
final class ForecastSets {
  /** Which siblings were given beside the run. */
  static final String ALONE = "alone";

  static final String FAMILY = "family";
  static final String OTHERS = "others";
  static final String TWINS = "twins";

  private static final List<String> BASE = List.of("cosine_24000", "constant_24000", "wsdcon_9");
  private static final List<String> SIZES = List.of("190M", "370M", "760M", "1B", "3B");

  private final List<Case> cases = new ArrayList<>();

  /** A finished run: its size or group, its own name, log and schedule. */
  private record Finished(String group, String name, Run run, Schedule schedule) {
    Sibling sibling() {
      return new Sibling(run, schedule);
    }
  }

  private ForecastSets() {}

  /**
   * Reads the sets under a folder; those that are not there are left out.
   *
   * @throws CommandException where none of them is there
   */
  static List<Case> under(Path folder) {
    ForecastSets sets = new ForecastSets();
    sets.schedules(folder.resolve("lr-schedules"));
    sets.dense(folder.resolve("lr-dense-100M"));
    sets.ladder(folder.resolve("olmo-ladder"));
    if (sets.cases.isEmpty()) {
      throw new CommandException(
          ExitCode.INPUT,
          "--data: "
              + folder
              + " (expected: a folder with lr-schedules, lr-dense-100M or olmo-ladder)");
    }
    return sets.cases;
  }

  /** Returns the runs that come with Headroom. */
  static List<Case> fixtures() {
    ForecastSets sets = new ForecastSets();
    List<Finished> runs = new ArrayList<>();
    for (Run run : FixtureRuns.all()) {
      String group = run.name().replaceFirst("-.*", "");
      runs.add(new Finished(group, run.name(), run, RunSchedule.of(run, null).schedule()));
    }
    for (Finished one : runs) {
      sets.add("fixtures", one, ALONE, List.of());
      sets.add("fixtures", one, FAMILY, keep(runs, r -> r != one && r.group.equals(one.group)));
      sets.add("fixtures", one, OTHERS, keep(runs, r -> !r.group.equals(one.group)));
    }
    return sets.cases;
  }

  private void schedules(Path folder) {
    List<Finished> runs = new ArrayList<>();
    for (Path size : list(folder, "")) {
      for (Path file : list(size, ".csv")) {
        String name = stem(file);
        Schedule schedule = schedule(name);
        Run run = LogReader.readRun(file, ColumnMap.none()).between(1, schedule.total() - 1);
        runs.add(new Finished(size.getFileName().toString(), name, run, schedule));
      }
    }
    for (Finished one : runs) {
      add("lr-schedules", one, ALONE, List.of());
      add(
          "lr-schedules",
          one,
          FAMILY,
          keep(runs, r -> r != one && r.group.equals(one.group) && BASE.contains(r.name)));
      String other = one.group.equals("25M") ? "100M" : "25M";
      add("lr-schedules", one, OTHERS, keep(runs, r -> r.group.equals(other) && base(r)));
    }
  }

  private static boolean base(Finished run) {
    return BASE.contains(run.name);
  }

  private static Schedule schedule(String name) {
    String common = "(peak=3e-4,warmup=2160,";
    String[] part = name.split("_");
    switch (part[0]) {
      case "cosine":
        return Schedule.parse("cosine" + common + "total=" + part[1] + ",final=3e-5)");
      case "constant":
        return Schedule.parse("constant" + common + "total=" + part[1] + ")");
      case "wsd":
      case "wsdld":
        long decay = Long.parseLong(part[2]) - Long.parseLong(part[1]);
        String shape = part[0].equals("wsd") ? "exponential" : "linear";
        return Schedule.parse(
            "wsd"
                + common
                + "total="
                + part[2]
                + ",decay="
                + decay
                + ",final=3e-5,shape="
                + shape
                + ")");
      default:
        double factor = Integer.parseInt(part[1]) * 1e-5 / 3e-4;
        return Schedule.parse("multistep" + common + "total=16000,at=8000,factor=" + factor + ")");
    }
  }

  private void dense(Path folder) {
    List<Finished> runs = new ArrayList<>();
    for (Path file : list(folder, ".csv")) {
      Run run = LogReader.readRun(file, ColumnMap.none());
      runs.add(new Finished("100M", stem(file), run, RunSchedule.of(run, null).schedule()));
    }
    for (Finished one : runs) {
      add("lr-dense-100M", one, ALONE, List.of());
      add("lr-dense-100M", one, FAMILY, keep(runs, r -> r != one));
    }
  }

  private void ladder(Path folder) {
    ColumnMap map = ColumnMap.parse("step=_step,loss=c4_en_loss,lr=optim/learning_rate_group0");
    List<Finished> runs = new ArrayList<>();
    for (Path file : list(folder, "C.csv", "C-rerun.csv")) {
      Run run = LogReader.readRun(file, map);
      String name = stem(file);
      String size = name.substring(0, name.indexOf('-'));
      runs.add(new Finished(size, name, run, RunSchedule.of(run, null).schedule()));
    }
    for (Finished one : runs) {
      String length = length(one);
      add("olmo-ladder", one, ALONE, List.of());
      add(
          "olmo-ladder",
          one,
          FAMILY,
          keep(runs, r -> r.group.equals(one.group) && !length(r).equals(length)));
      add("olmo-ladder", one, OTHERS, keep(runs, r -> rank(r) < rank(one)));
      add(
          "olmo-ladder",
          one,
          TWINS,
          keep(runs, r -> r != one && r.group.equals(one.group) && length(r).equals(length)));
    }
    large(folder, runs);
  }

  /**
   * Adds the large runs that the ladder was built for. Their logs hold the peak rate alone; the
   * schedule is the published one, a cosine to a tenth over 5e12 tokens, which both left early.
   */
  private void large(Path folder, List<Finished> ladder) {
    ColumnMap map =
        ColumnMap.parse(
            "step=_step,loss=c4_en_loss,peak=learning_rate_peak,batch=batch_size_in_tokens");
    for (Path file : list(folder, "peteish7_eval_full.csv", "peteish13_eval_full.csv")) {
      Run run = LogReader.readRun(file, map);
      double peak = run.columns().get("peak")[0];
      long total = Math.round(5e12 / run.columns().get("batch")[0]);
      Schedule schedule =
          Schedule.parse("cosine(peak=" + peak + ",warmup=2000,final=10%,total=" + total + ")");
      Finished one = new Finished("large", stem(file), run, schedule);
      add("olmo-ladder", one, ALONE, List.of());
      add("olmo-ladder", one, OTHERS, keep(ladder, r -> true));
    }
  }

  private static int rank(Finished run) {
    return SIZES.indexOf(run.group);
  }

  private static String length(Finished run) {
    return run.name.split("-")[1];
  }

  private static List<Sibling> keep(List<Finished> runs, Predicate<Finished> wanted) {
    return runs.stream().filter(wanted).map(Finished::sibling).toList();
  }

  private void add(String set, Finished one, String beside, List<Sibling> siblings) {
    if (beside.equals(ALONE) || !siblings.isEmpty()) {
      Run named =
          new Run(
              set.equals("fixtures") ? one.name : one.group + "/" + one.name,
              one.run.step(),
              one.run.loss(),
              one.run.columns(),
              one.run.settings(),
              one.run.notes());
      cases.add(new Case(set, named, one.schedule, beside, siblings));
    }
  }

  private static String stem(Path file) {
    return file.getFileName().toString().replaceFirst("\\.csv$", "");
  }

  private static List<Path> list(Path folder, String... ends) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(
              f ->
                  ends[0].isEmpty()
                      ? Files.isDirectory(f)
                      : Stream.of(ends).anyMatch(f.toString()::endsWith))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
