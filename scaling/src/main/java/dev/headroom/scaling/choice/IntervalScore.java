package dev.headroom.scaling.choice;

/**
 * Scores a forecast given as quantiles, smaller is better: width plus a penalty for missing.
 *
 * <p>The interval of level {@code 1 - alpha} scores {@code (high - low) + 2/alpha (distance by
 * which the value misses it)}; the weighted score of a median and K intervals is {@code (|y - m|/2
 * + sum alpha_k/2 IS_k) / (K + 1/2)}.
 *
 * <p>Source: Gneiting and Raftery 2007, JASA 102, 359, section 6.2; Bracher et al. 2021, PLoS
 * Comput. Biol. 17, e1008618.
 */
public final class IntervalScore {

  private IntervalScore() {}

  /** Returns the score of one interval. */
  public static double of(double low, double high, double level, double value) {
    double alpha = 1 - level;
    return high - low + 2 / alpha * (Math.max(0, low - value) + Math.max(0, value - high));
  }

  /**
   * Returns the weighted score of a forecast.
   *
   * @param forecast its median and central intervals
   * @param value what came
   */
  public static double weighted(BandForecast forecast, double value) {
    double sum = Math.abs(value - forecast.loss()) / 2;
    for (BandForecast.Interval interval : forecast.intervals()) {
      sum +=
          (1 - interval.level()) / 2 * of(interval.low(), interval.high(), interval.level(), value);
    }
    return sum / (forecast.intervals().size() + .5);
  }
}
