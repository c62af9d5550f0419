package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.StudentT;
import java.util.Locale;

/**
 * Says what a forecast rests on, and how wrong forecasts of that kind were on public runs.
 *
 * <p>A band is {@code loss exp(+-q scale)}: the scale is that of the forecast at hand, q the
 * conformal quantile of {@code |log error| / scale} over the calibrating forecasts, interpolated
 * between levels by Student's t. {@code headroom selftest forecasts --data} measures the quantiles
 * anew, and what share of each set a band covers whose quantiles come from the other sets alone.
 * Source: Vovk et al. 2005; Lei et al. 2018, JASA 113, 1094 (locally weighted conformal bands).
 */
public enum Basis {
  /** The run's own beginning. */
  ALONE(289, quantiles(.634, 1.12, 1.75, 2.19), honest(.66, .91, .96, .96)),
  /** The beginning and finished runs of the same configuration. */
  FAMILY(295, quantiles(.42, .987, 1.99, 2.79), honest(.67, .91, .97, .98)),
  /** The beginning and finished runs of other configurations. */
  OTHERS(269, quantiles(.596, 1.18, 1.71, 2.88), honest(.54, .79, .91, .92)),
  /** Finished runs of the same configuration with the same rates: as FAMILY, for want of runs. */
  TWINS(16, quantiles(.42, .987, 1.99, 2.79), honest(1, 1, 1, 1));

  /** The levels whose quantiles were measured. */
  public static final double[] LEVELS = {.5, .8, .9, .95};

  private final int forecasts;
  private final double[] quantiles;
  private final double[] coverage;

  Basis(int forecasts, double[] quantiles, double[] coverage) {
    this.forecasts = forecasts;
    this.quantiles = quantiles;
    this.coverage = coverage;
  }

  private static double[] quantiles(double... values) {
    return values;
  }

  private static double[] honest(double... values) {
    return values;
  }

  /** Returns the number of forecasts behind the quantiles. */
  public int forecasts() {
    return forecasts;
  }

  /**
   * Returns the share of these forecasts that bands of a level held whose quantiles came from the
   * other sets, interpolated between the levels that were measured.
   */
  public double coverage(double level) {
    double below = 0;
    double held = 0;
    for (int i = 0; i < LEVELS.length; i++) {
      if (level <= LEVELS[i]) {
        return held + (coverage[i] - held) * (level - below) / (LEVELS[i] - below);
      }
      below = LEVELS[i];
      held = coverage[i];
    }
    return held;
  }

  /** Returns in words what the coverage was measured on, and how. */
  public String evidence() {
    return this == TWINS
        ? "olmo-ladder alone, by the bands of family: too few runs to calibrate on"
        : "lr-schedules, lr-dense-100M and olmo-ladder,\n           each set judged by bands made on"
            + " the others";
  }

  /** Returns by how many scales a band of a level reaches from the forecast. */
  public double quantile(double level) {
    int i = 0;
    while (i < LEVELS.length - 1 && LEVELS[i] < level) {
      i++;
    }
    double here = quantiles[i] * tail(level) / tail(LEVELS[i]);
    if (i == 0 || level >= LEVELS[i]) {
      return here;
    }
    double below = quantiles[i - 1] * tail(level) / tail(LEVELS[i - 1]);
    double f = (level - LEVELS[i - 1]) / (LEVELS[i] - LEVELS[i - 1]);
    return below + f * (here - below);
  }

  private static double tail(double level) {
    return StudentT.twoSided(level, 4);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
