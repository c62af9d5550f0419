package dev.headroom.scaling.choice;

import java.util.List;

/**
 * Gives the forecast loss of one run as a median and central intervals.
 *
 * @param loss the median
 * @param intervals central intervals, in the order they were asked for
 * @param ratio scale of the run over the largest scale of the data
 * @param method how the intervals were made, in words
 */
public record BandForecast(double loss, List<Interval> intervals, double ratio, String method) {

  /**
   * One central interval.
   *
   * @param level nominal coverage
   * @param low lower end, the quantile {@code (1 - level) / 2}
   * @param high upper end, the quantile {@code (1 + level) / 2}
   */
  public record Interval(double level, double low, double high) {

    /** Says whether a value lies inside. */
    public boolean holds(double value) {
      return low <= value && value <= high;
    }
  }

  public BandForecast {
    intervals = List.copyOf(intervals);
  }

  /**
   * Returns the interval of a level.
   *
   * @throws IllegalArgumentException for a level that was not asked for
   */
  public Interval interval(double level) {
    for (Interval interval : intervals) {
      if (interval.level() == level) {
        return interval;
      }
    }
    throw new IllegalArgumentException(
        "level: " + level + " (expected: one of those of this forecast)");
  }
}
