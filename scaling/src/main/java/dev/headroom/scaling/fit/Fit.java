package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Law;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Holds what a fit found.
 *
 * @param law the law
 * @param status whether an optimum was reached and whether the data determine it
 * @param objective what was made small
 * @param objectiveValue its value at the estimates, a sum over the points
 * @param points the number of points
 * @param estimates one estimate a parameter, in the law's order; ends equal the value for one that
 *     was fixed
 * @param covariance covariance of the parameters: 0 for one fixed or at its bound, NaN for one that
 *     the data leave open; empty where there are no more points than parameters
 * @param noise standard deviation of a residual: of log-loss where the objective is logarithmic, of
 *     loss else; NaN where there are no degrees of freedom
 * @param level level of the intervals
 * @param samples parameters of the bootstrap resamples, one row each; empty without a bootstrap
 * @param warnings what a user should know before trusting the numbers
 * @param diagnostics how the fit was found
 */
public record Fit(
    Law law,
    Status status,
    Objective objective,
    double objectiveValue,
    int points,
    List<Estimate> estimates,
    double[][] covariance,
    double noise,
    double level,
    double[][] samples,
    List<String> warnings,
    Diagnostics diagnostics)
    implements Serializable {

  public Fit {
    estimates = List.copyOf(estimates);
    warnings = List.copyOf(warnings);
    covariance = copy(covariance);
    samples = copy(samples);
  }

  /** Creates a fit of which nothing is known about the way it was found. */
  public Fit(
      Law law,
      Status status,
      Objective objective,
      double objectiveValue,
      int points,
      List<Estimate> estimates,
      double[][] covariance,
      double noise,
      double level,
      double[][] samples,
      List<String> warnings) {
    this(
        law,
        status,
        objective,
        objectiveValue,
        points,
        estimates,
        covariance,
        noise,
        level,
        samples,
        warnings,
        new Diagnostics(
            "unknown", 0, Double.NaN, Double.NaN, List.of(), points - estimates.size()));
  }

  /** Returns the parameters, in the law's order. */
  public double[] theta() {
    double[] theta = new double[estimates.size()];
    for (int i = 0; i < theta.length; i++) {
      theta[i] = estimates.get(i).value();
    }
    return theta;
  }

  /**
   * Returns the estimate of one parameter.
   *
   * @throws IllegalArgumentException for a name that the law does not have
   */
  public Estimate estimate(String name) {
    for (Estimate estimate : estimates) {
      if (estimate.name().equals(name)) {
        return estimate;
      }
    }
    throw new IllegalArgumentException(
        "parameter: " + name + " (expected: one of " + law.formula() + ")");
  }

  /** Returns the loss the law gives at these variables. */
  public double predict(double... x) {
    return law.value(x, theta());
  }

  /**
   * Returns observed less predicted, in log-loss where the objective is logarithmic.
   *
   * @throws IllegalArgumentException for a row outside the domain of the law
   */
  public double[] residuals(Observations data) {
    double[] theta = theta();
    double[] residuals = new double[data.size()];
    for (int i = 0; i < residuals.length; i++) {
      double predicted = law.value(data.x()[i], theta);
      residuals[i] =
          objective.isLogarithmic()
              ? Math.log(data.loss()[i]) - Math.log(predicted)
              : data.loss()[i] - predicted;
    }
    return residuals;
  }

  /** Returns the degrees of freedom: points less parameters that were searched. */
  public int degreesOfFreedom() {
    return diagnostics.degreesOfFreedom();
  }

  /**
   * Returns the loss with the interval of the law itself, without the noise of a single run.
   *
   * <p>Percentiles over the bootstrap where there is one, else first order in the covariance with
   * Student's t. It trusts the law: far outside the data such bands are too narrow.
   */
  public Estimate meanInterval(double level, double... x) {
    double[] theta = theta();
    double value = law.value(x, theta);
    if (samples.length > 0) {
      double[] values = new double[samples.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = law.value(x, samples[i]);
      }
      Arrays.sort(values);
      double tail = (1 - level) / 2;
      return new Estimate(
          "loss", value, Quantiles.of(values, tail), Quantiles.of(values, 1 - tail));
    }
    double half = StudentT.twoSided(level, degreesOfFreedom()) * standardError(x, theta);
    return new Estimate("loss", value, value - half, value + half);
  }

  /**
   * Returns the loss with the interval of one new run: that of the law widened by the noise of the
   * residuals, the two added as independent.
   */
  public Estimate predictionInterval(double level, double... x) {
    Estimate mean = meanInterval(level, x);
    double scale = objective.isLogarithmic() ? noise * mean.value() : noise;
    double half = StudentT.twoSided(level, degreesOfFreedom()) * scale;
    return new Estimate(
        "loss",
        mean.value(),
        mean.value() - Math.hypot(mean.value() - mean.low(), half),
        mean.value() + Math.hypot(mean.high() - mean.value(), half));
  }

  /**
   * Returns draws of the parameters: rows of the bootstrap where there is one, else normal draws
   * with the covariance, kept inside the bounds. Parameters that the data leave open keep their
   * estimate: heed the status.
   *
   * @throws IllegalStateException where there are no more points than parameters
   */
  public double[][] draw(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] draws = new double[count][];
    if (samples.length > 0) {
      for (int i = 0; i < count; i++) {
        draws[i] = samples[random.nextInt(samples.length)].clone();
      }
      return draws;
    }
    if (covariance.length == 0) {
      throw new IllegalStateException(
          "covariance: none (expected: more points than parameters, or a bootstrap)");
    }
    NormalDraws normal = new NormalDraws(law, theta(), covariance);
    for (int i = 0; i < count; i++) {
      draws[i] = normal.next(random);
    }
    return draws;
  }

  private double standardError(double[] x, double[] theta) {
    if (covariance.length == 0) {
      return Double.NaN;
    }
    double[] gradient = new double[theta.length];
    law.gradient(x, theta, gradient);
    double variance = 0;
    for (int i = 0; i < theta.length; i++) {
      for (int j = 0; j < theta.length; j++) {
        // A parameter that has no effect here may stay unknown (NaN).
        if (gradient[i] != 0 && gradient[j] != 0) {
          variance += gradient[i] * covariance[i][j] * gradient[j];
        }
      }
    }
    return Math.sqrt(Math.max(0, variance));
  }

  private static double[][] copy(double[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      copy[i] = rows[i].clone();
    }
    return copy;
  }
}
