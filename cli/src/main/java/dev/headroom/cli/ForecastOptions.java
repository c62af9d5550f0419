package dev.headroom.cli;

import dev.headroom.scaling.forecast.ForecastRequest;
import dev.headroom.scaling.forecast.Sibling;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say what to forecast, shared by {@code forecast} and {@code report}. */
final class ForecastOptions {

  @Option(
      names = "--schedule",
      paramLabel = "TEXT",
      description =
          "Learning rate of the whole run: constant, linear, cosine, wsd, multistep, inverse_sqrt or"
              + " cyclic, for example 'wsd(peak=3e-4,warmup=2000,decay=20%%,total=24000)', or a file"
              + " with columns step and lr. Without it the log's header is used. Given again, what"
              + " the others would give from here on is compared with the first.")
  List<String> schedules = new ArrayList<>();

  @Option(
      names = "--to",
      paramLabel = "STEP",
      description = "Step to forecast (default: the last of the schedule).")
  Long to;

  @Option(
      names = "--upto",
      paramLabel = "STEP",
      description = "Look at the log only up to STEP, to compare the forecast with what came.")
  Long upTo;

  @Option(
      names = "--prior",
      paramLabel = "fixtures",
      description =
          "fixtures: take the annealing shape from the small runs that come with Headroom.")
  String prior;

  @Option(
      names = "--level",
      paramLabel = "P",
      description = "Nominal coverage of the band (default: 0.9).")
  double level = 0.9;

  @ArgGroup(exclusive = false, multiplicity = "0..*")
  List<SiblingOption> siblings = new ArrayList<>();

  /** One finished run with its schedule. */
  static final class SiblingOption {
    @Option(
        names = "--sibling",
        required = true,
        paramLabel = "RUN",
        description = "A finished run of the same kind that lends the shape of its curve.")
    String file;

    @Option(
        names = "--sibling-schedule",
        paramLabel = "TEXT",
        description = "Its learning rate, where its log has neither header nor lr column.")
    String schedule;
  }

  /** Says whether anything was asked that needs a forecast. */
  boolean asked() {
    return !schedules.isEmpty()
        || to != null
        || upTo != null
        || prior != null
        || !siblings.isEmpty();
  }

  /** Returns the question about one run. */
  ForecastRequest request(Run whole, LogFiles files) {
    Schedule ahead = ahead(whole, files);
    Run run = upTo == null ? whole : whole.between(Long.MIN_VALUE, upTo);
    if (run.size() == 0) {
      throw new IllegalArgumentException(
          "--upto: " + upTo + " (expected: at least " + whole.step()[0] + ", the first step)");
    }
    long step = to == null ? ahead.total() : to;
    return new ForecastRequest(run, ahead, step, related(files), level);
  }

  /** The lr column knows only the past, so that it is no substitute here. */
  private Schedule ahead(Run run, LogFiles files) {
    if (schedules.isEmpty() && !run.settings().containsKey("schedule")) {
      throw new IllegalArgumentException(
          "--schedule: not given (expected: the learning rate of the whole run, for example"
              + " 'cosine(peak=3e-4,warmup=2000,total=24000)', as the log has no header with it)");
    }
    return schedules.isEmpty()
        ? RunSchedule.of(run, null).schedule()
        : RunSchedule.parse(schedules.get(0), files);
  }

  /** Returns the schedules to be compared with the run's own. */
  List<Schedule> others(LogFiles files) {
    return schedules.stream().skip(1).map(s -> RunSchedule.parse(s, files)).toList();
  }

  private List<Sibling> related(LogFiles files) {
    List<Sibling> all = new ArrayList<>();
    for (SiblingOption option : siblings) {
      Run run = files.run(option.file);
      all.add(new Sibling(run, RunSchedule.of(run, option.schedule).schedule()));
    }
    if (prior != null) {
      if (!prior.equals("fixtures")) {
        throw new IllegalArgumentException("--prior: " + prior + " (expected: fixtures)");
      }
      all.addAll(FixtureRuns.siblings());
    }
    return all;
  }
}
