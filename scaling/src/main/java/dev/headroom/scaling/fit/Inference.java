package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Turns an optimum into a {@link Fit}: says whether the points determine it, and how well. */
final class Inference {

  private final ScaledData data;
  private final FitOptions options;
  private final Search.Optimum optimum;
  private final Groups groups;
  private final List<Parameter> parameters;
  private final double[] theta;
  private final Identification known;
  private final List<String> warnings = new ArrayList<>();
  private Status status;

  Inference(ScaledData data, FitOptions options, Search.Optimum optimum, Groups groups) {
    this.data = data;
    this.options = options;
    this.optimum = optimum;
    this.groups = groups;
    this.parameters = data.law.parameters();
    this.theta = data.original(optimum.theta());
    this.known = new Identification(data, new Misfit(data, options), optimum.theta());
    this.status = optimum.converged() ? Status.CONVERGED : Status.NOT_CONVERGED;
  }

  Fit fit() {
    if (!optimum.converged()) {
      warnings.add("the search ended before an optimum was reached: the best point is given");
    }
    warnOfBounds();
    warnOfIdentification();
    double[][] covariance = Covariance.of(data, options, optimum.theta(), known);
    if (covariance.length == 0) {
      warnings.add("points: " + data.points + ", as many as parameters: no interval can be given");
    }
    double[][] samples = samples();
    List<Estimate> estimates = new ArrayList<>();
    for (int i = 0; i < theta.length; i++) {
      estimates.add(estimate(i, covariance, samples));
    }
    warnOfWidth(covariance);
    warnOfGroups();
    return new Fit(
        data.law,
        status,
        options.objective(),
        data.original(options.objective(), optimum.value()),
        data.points,
        estimates,
        covariance,
        noise(),
        options.level(),
        samples,
        warnings);
  }

  private boolean isAtBound(int i) {
    double value = optimum.theta()[i];
    return value <= parameters.get(i).lower() || value >= parameters.get(i).upper();
  }

  /** An exponent at its bound says that the law does not suit; a level or factor may well be 0. */
  private void warnOfBounds() {
    for (int i = 0; i < theta.length; i++) {
      if (!isAtBound(i)) {
        continue;
      }
      boolean linear = parameters.get(i).isLinear();
      warnings.add(
          parameters.get(i).name()
              + " ended at its bound "
              + theta[i]
              + (linear ? " and is taken as known there" : ": the law does not suit these points"));
      if (!linear) {
        markNotIdentifiable();
      }
    }
  }

  private void warnOfIdentification() {
    warnings.addAll(known.warnings());
    if (!known.isComplete()) {
      markNotIdentifiable();
    } else if (!optimum.unique()) {
      warnings.add("another optimum with other exponents fits just as well");
      markNotIdentifiable();
    }
  }

  private void markNotIdentifiable() {
    status = status == Status.CONVERGED ? Status.NOT_IDENTIFIABLE : status;
  }

  private double[][] samples() {
    if (options.bootstrap() == 0) {
      return new double[0][];
    }
    Bootstrap.Result result = Bootstrap.run(data, options, optimum.theta(), groups);
    if (result.failures() > 0) {
      warnings.add(
          "bootstrap: "
              + (result.failures() + " of " + options.bootstrap())
              + " resamples did not converge; their best points are used");
    }
    return result.samples();
  }

  private Estimate estimate(int i, double[][] covariance, double[][] samples) {
    if (known.isLost(i) || (samples.length == 0 && (covariance.length == 0 || isAtBound(i)))) {
      return new Estimate(parameters.get(i).name(), theta[i], Double.NaN, Double.NaN);
    }
    return samples.length > 0 ? percentiles(i, samples) : symmetric(i, covariance[i][i]);
  }

  private Estimate percentiles(int i, double[][] samples) {
    double[] values = new double[samples.length];
    for (int k = 0; k < values.length; k++) {
      values[k] = samples[k][i];
    }
    Arrays.sort(values);
    double tail = (1 - options.level()) / 2;
    return new Estimate(
        parameters.get(i).name(),
        theta[i],
        Quantiles.of(values, tail),
        Quantiles.of(values, 1 - tail));
  }

  private Estimate symmetric(int i, double variance) {
    Parameter parameter = parameters.get(i);
    double half =
        StudentT.twoSided(options.level(), data.points - theta.length) * Math.sqrt(variance);
    boolean logarithmic = parameter.kind() == Parameter.Kind.PREFACTOR && theta[i] > 0;
    double low = logarithmic ? theta[i] * Math.exp(-half / theta[i]) : theta[i] - half;
    double high = logarithmic ? theta[i] * Math.exp(half / theta[i]) : theta[i] + half;
    return new Estimate(
        parameter.name(),
        theta[i],
        Math.max(low, parameter.lower()),
        Math.min(high, parameter.upper()));
  }

  /**
   * An exponent with an error of several times its size is a guess, whatever the rank. Levels may
   * be near 0 by right, and the relative error of a prefactor depends on the unit of its variable.
   */
  private void warnOfWidth(double[][] covariance) {
    for (int i = 0; i < covariance.length; i++) {
      double error = Math.sqrt(covariance[i][i]);
      if (parameters.get(i).isLinear() || !(error > Math.abs(theta[i]))) {
        continue;
      }
      boolean hopeless = error > 3 * Math.abs(theta[i]) && !isAtBound(i);
      if (hopeless) {
        markNotIdentifiable();
      }
      warnings.add(
          String.format(
              Locale.ROOT,
              "%s is %s: its standard error %.3g exceeds its value %.3g",
              parameters.get(i).name(),
              hopeless ? "not identifiable" : "hardly determined",
              error,
              theta[i]));
    }
  }

  private void warnOfGroups() {
    boolean resampled = options.bootstrap() > 0 && groups.count() >= Bootstrap.ENOUGH_GROUPS;
    if (groups.repeated() && !resampled) {
      warnings.add(
          data.points
              + " points come from "
              + groups.count()
              + (groups.count() == 1 ? " run" : " runs")
              + " and are not independent: intervals are too narrow");
    }
  }

  private double noise() {
    int freedom = data.points - theta.length;
    if (freedom < 1) {
      return Double.NaN;
    }
    double[] residuals = new double[data.points];
    new Misfit(data, options)
        .residuals(optimum.theta(), residuals, new double[data.points][theta.length]);
    if (options.objective() == Objective.HUBER_LOG) {
      double spread = 1.4826 * Quantiles.medianOfAbsolute(residuals);
      return spread * Math.sqrt((double) data.points / freedom);
    }
    double squares = 0;
    for (double residual : residuals) {
      squares += residual * residual;
    }
    double scale = options.objective().isLogarithmic() ? 1 : data.lossFactor;
    return scale * Math.sqrt(squares / freedom);
  }
}
