package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.Quantiles;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Brings an objective to the unit of a negative log-likelihood.
 *
 * <p>With {@code psi} the derivative of the objective by a residual, the estimates have the
 * variance {@code v (J'WJ)^-1}, {@code v = mean(psi^2) / mean(psi')^2}, so {@code v} times the
 * curvature {@code mean(psi')} is what half a chi-square of the likelihood costs in units of the
 * objective (Huber 1981, Robust Statistics, section 7.6).
 *
 * @param variance of a residual of weight 1, as the objective feels it
 * @param curvature mean second derivative of the objective by a residual
 */
record Dispersion(double variance, double curvature) implements Serializable {

  /** Residuals are differences of numbers near 1: below this there is only rounding. */
  private static final double LEAST = 1e-30;

  static final Dispersion UNIT = new Dispersion(1, 1);

  /** Returns the rise of the objective that stands for a rise of 1 of the log-likelihood. */
  double unit() {
    return variance * curvature;
  }

  /**
   * Estimates from the residuals at an optimum; {@link #UNIT} where nothing is left to estimate.
   */
  static Dispersion of(Misfit misfit, double[] theta) {
    ScaledData data = misfit.data;
    int freedom = data.points - theta.length;
    misfit.evaluate(theta, new double[theta.length]);
    double[] residuals = new double[misfit.rows()];
    misfit.residuals(theta, residuals, new double[misfit.rows()][theta.length]);
    Penalty penalty = misfit.penalty();
    double window = window(residuals, data.points);
    double squares = 0;
    double bend = 0;
    double weights = 0;
    for (int i = 0; i < data.points; i++) {
      double psi = penalty.psi(residuals[i]);
      squares += data.weight[i] * psi * psi;
      bend += data.weight[i] * penalty.bend(residuals[i], window);
      weights += data.weight[i];
    }
    double curvature = bend / weights;
    double variance = squares / Math.max(1, freedom) / (curvature * curvature);
    boolean known = freedom > 0 && curvature > 0 && Double.isFinite(variance);
    return known ? new Dispersion(Math.max(LEAST, variance), curvature) : UNIT;
  }

  /**
   * Returns the half-width over which the second derivative of the Huber function is averaged:
   * {@code 4.2 sigma points^(-1/3)}, at most 3 sigma.
   */
  static double window(double[] residuals, int points) {
    double[] some = Arrays.copyOf(residuals, points);
    double spread = 1.4826 * Quantiles.medianOfAbsolute(some);
    return spread * Math.min(3, 4.2 / Math.cbrt(points));
  }
}
