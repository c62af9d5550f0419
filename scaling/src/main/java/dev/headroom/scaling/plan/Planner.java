package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.internal.Quantiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Gives planned numbers their intervals, from draws of the parameters of a fit.
 *
 * <p>Intervals are percentiles over bootstrap resamples where the fit has them, else over normal
 * draws with its covariance. They hold the uncertainty of the parameters, not that of the law.
 */
public final class Planner {

  private static final int DRAWS = 1000;

  private final ChinchillaPlan best;
  private final List<ChinchillaPlan> draws = new ArrayList<>();
  private final double level;

  /** Plans with known parameters E, A, B, a, b: without intervals. */
  public Planner(double[] theta) {
    this.best = new ChinchillaPlan(theta);
    this.level = Double.NaN;
  }

  /**
   * Plans with a fit of the law {@code chinchilla}.
   *
   * @throws IllegalArgumentException where the fit has no optimum: a term of the law vanished
   */
  public Planner(Fit fit, double level, long seed) {
    this.best = new ChinchillaPlan(fit.theta());
    this.level = level;
    if (fit.samples().length > 0 || fit.covariance().length > 0) {
      for (double[] theta : fit.draw(DRAWS, seed)) {
        if (theta[1] > 0 && theta[2] > 0 && theta[3] > 0 && theta[4] > 0) {
          draws.add(new ChinchillaPlan(theta));
        }
      }
    }
  }

  /** Returns the law with its best parameters. */
  public ChinchillaPlan law() {
    return best;
  }

  /** Returns a number of the plan with its interval; NaN ends where none is known. */
  public Estimate estimate(String name, ToDoubleFunction<ChinchillaPlan> number) {
    double[] values =
        draws.stream().mapToDouble(number).filter(v -> !Double.isNaN(v)).sorted().toArray();
    double tail = (1 - level) / 2;
    boolean known = values.length * 2 > draws.size();
    double[] used = known ? values : Arrays.copyOf(values, 0);
    return new Estimate(
        name, number.applyAsDouble(best), Quantiles.of(used, tail), Quantiles.of(used, 1 - tail));
  }
}
