package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.List;
import java.util.Map;

/**
 * Finds a run that became slow: the level of the last tenth of its speeds (5 to 200 points) against
 * the median speed after the first tenth.
 */
final class ThroughputRule implements Rule {
  private static final int FEWEST = 30;

  private static final RuleInfo INFO =
      new RuleInfo(
          "throughput",
          "tokens or steps per second fell",
          "a column throughput, step_seconds or time; batch and length of the steps stay alike",
          "warning for a fall, error below the bound that was given",
          "speeds of one machine wander by some per cent; a lost node or a slow disk costs more",
          "public runs with logged speeds are silent: headroom selftest checks",
          List.of(
              Setting.share("fall", 0.3, "relative fall from the run's own median"),
              Setting.above0("min", Double.NaN, "lowest speed at the end, in the log's unit")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Series speed = speed(subject);
    int n = speed.size();
    if (n < FEWEST) {
      return;
    }
    double usual = speed.median(n / 10, n);
    int q = Math.max(5, Math.min(200, n / 10));
    double end = speed.median(n - q, n);
    String text = Level.number(end) + " at the end";
    if (set.given("min") && end < set.number("min")) {
      out.add(
          new Finding(
              INFO.id(),
              Severity.ERROR,
              speed.lastStep(),
              text + " is below the bound of " + Level.number(set.number("min"))));
    } else if (end < (1 - set.number("fall")) * usual) {
      out.add(
          new Finding(
              INFO.id(),
              Severity.WARNING,
              speed.step()[n - q],
              "speed fell: " + text + ", median of the run " + Level.number(usual)));
    }
  }

  private static Series speed(Subject subject) {
    Series given = subject.series("throughput");
    if (given.size() >= FEWEST) {
      return given;
    }
    Series seconds = subject.series("step_seconds");
    if (seconds.size() >= FEWEST) {
      double[] speed = new double[seconds.size()];
      for (int i = 0; i < speed.length; i++) {
        speed[i] = 1 / Math.max(1e-9, seconds.value()[i]);
      }
      return new Series(seconds.step(), speed);
    }
    return fromTime(subject.run());
  }

  /** Steps (or tokens) between logged times, over their distance. */
  private static Series fromTime(Run run) {
    Map<String, double[]> columns = run.columns();
    double[] time = columns.get("time");
    if (time == null || run.size() < 2) {
      return new Series(new long[0], new double[0]);
    }
    double[] done = columns.get("tokens");
    double[] speed = new double[run.size()];
    java.util.Arrays.fill(speed, Double.NaN);
    for (int i = 1; i < speed.length; i++) {
      double work = done == null ? run.step()[i] - run.step()[i - 1] : done[i] - done[i - 1];
      double seconds = time[i] - time[i - 1];
      speed[i] = seconds > 0 ? work / seconds : Double.NaN;
    }
    return Series.of(
        new Run(run.name(), run.step(), run.loss(), Map.of("speed", speed), List.of()), "speed");
  }
}
