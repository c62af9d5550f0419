package dev.headroom.scaling.forecast;

import dev.headroom.scaling.choice.BandForecast;
import dev.headroom.scaling.schedule.Schedule;
import java.util.List;

/**
 * Compares what two schedules ahead give at their ends.
 *
 * <p>What both forecasts share, the run's own level, cancels; the band of the difference knows only
 * that exponent and annealing are uncertain, and is calibrated like the forecast's own.
 *
 * @param forecast the end under this schedule
 * @param difference its loss less that of the first schedule
 * @param band band of the difference at the level of the question
 */
public record Comparison(Forecast forecast, double difference, BandForecast.Interval band) {

  /**
   * Compares schedules with the first of them.
   *
   * @param schedules at least one; each is followed from the last logged step to its own end
   * @return one for each schedule, in order; the first differs from itself by 0
   */
  public static List<Comparison> of(Outlook outlook, List<Schedule> schedules) {
    Schedule first = schedules.get(0);
    return schedules.stream().map(s -> of(outlook, first, s)).toList();
  }

  static Comparison of(Outlook outlook, Schedule first, Schedule other) {
    Forecast forecast = outlook.under(other, other.total());
    Target a = outlook.target(first, first.total());
    Target b = outlook.target(other, other.total());
    double base = outlook.lossAt(a);
    double difference = outlook.lossAt(b) - base;
    double level = outlook.request().level();
    double half = base * outlook.scaleBetween(a, b) * outlook.basis().quantile(level);
    return new Comparison(
        forecast,
        difference,
        new BandForecast.Interval(level, difference - half, difference + half));
  }
}
