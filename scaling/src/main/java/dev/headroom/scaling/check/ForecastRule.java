package dev.headroom.scaling.check;

import dev.headroom.scaling.forecast.Forecast;
import dev.headroom.scaling.forecast.ForecastRequest;
import dev.headroom.scaling.forecast.Forecaster;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Finds a run that ends above the band that its own earlier part forecast.
 *
 * <p>The run up to {@code from} is given to {@link Forecaster} with the logged learning rates,
 * those ahead included (constant where none are logged); the level of the last points is compared
 * with the upper end of the band. Steps beyond 20,000 are counted in larger units and at most 2,000
 * losses are used, so that the time does not grow with the log.
 */
final class ForecastRule implements Rule {
  private static final int FEWEST = 60;
  private static final int MOST_POINTS = 2000;
  private static final long MOST_STEPS = 20_000;

  private static final RuleInfo INFO =
      new RuleInfo(
          "forecast",
          "the run ends above the band that a law fitted to its earlier part gives",
          "the loss is above zero, 60 points or more, the rate is logged or never rises; a loss"
              + " below the band is good news and not told",
          "warning",
          "the band is as wide as forecasts of this run from still earlier parts were wrong",
          "public healthy runs silent: headroom selftest checks",
          List.of(
              Setting.number("from", 0.5, 0.2, 0.95, "share of the run that forecasts the rest"),
              Setting.number("level", 0.99, 0.5, 0.9999, "nominal coverage of the band"),
              Setting.above0("relative", 0.02, "smallest relative distance above the forecast")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Level level = subject.level();
    int n = level.y().length;
    if (!level.positive() || n < FEWEST || level.step()[n - 1] < FEWEST) {
      return;
    }
    Series loss = new Series(level.step(), level.loss());
    long unit = 1 + (loss.lastStep() - 1) / MOST_STEPS;
    long end = loss.lastStep() / unit;
    double last = loss.last();
    try {
      Run prefix = prefix(loss, unit, set.number("from"));
      Schedule schedule = schedule(subject, unit, end);
      Forecast forecast =
          Forecaster.forecast(
              new ForecastRequest(prefix, schedule, end, List.of(), set.number("level")));
      double least = forecast.loss() * (1 + set.number("relative"));
      if (last > Math.max(forecast.high(), least)) {
        long from = prefix.step()[prefix.size() - 1] * unit;
        out.add(
            new Finding(
                INFO.id(),
                Severity.WARNING,
                from,
                "loss ends at "
                    + Level.number(last)
                    + ", above the "
                    + Level.number(forecast.high())
                    + " that the run up to step "
                    + from
                    + " allowed (forecast "
                    + Level.number(forecast.loss())
                    + ")"));
      }
    } catch (IllegalArgumentException e) {
      // A prefix that no law can carry on: nothing to compare with.
    }
  }

  private static Run prefix(Series loss, long unit, double share) {
    long until = loss.step()[0] + (long) (share * (loss.lastStep() - loss.step()[0]));
    int n = 0;
    while (n < loss.size() && loss.step()[n] <= until) {
      n++;
    }
    int group = 1 + (n - 1) / MOST_POINTS;
    long[] step = new long[n];
    double[] value = new double[n];
    int kept = 0;
    for (int i = n % group; i + group <= n; i += group) {
      long at = loss.step()[i + group / 2] / unit;
      if (at >= 1 && (kept == 0 || at > step[kept - 1])) {
        step[kept] = at;
        value[kept++] = loss.median(i, i + group);
      }
    }
    return new Run(
        "the run", Arrays.copyOf(step, kept), Arrays.copyOf(value, kept), Map.of(), List.of());
  }

  private static Schedule schedule(Subject subject, long unit, long end) {
    Series lr = subject.series("lr");
    long[] step = new long[lr.size()];
    double[] rate = new double[lr.size()];
    int kept = 0;
    for (int i = 0; i < lr.size(); i++) {
      long at = lr.step()[i] / unit;
      if (at >= 1 && at <= end && (kept == 0 || at > step[kept - 1])) {
        step[kept] = at;
        rate[kept++] = Math.max(0, lr.value()[i]);
      }
    }
    return kept < 2
        ? Schedule.parse("constant(peak=1e-3,total=" + end + ")")
        : Schedule.ofColumn(Arrays.copyOf(step, kept), Arrays.copyOf(rate, kept), end);
  }
}
