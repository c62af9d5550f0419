package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Turns an optimum into a {@link Fit}: says whether the points determine it, and how well. */
final class Inference {

  private final ScaledData data;
  private final List<Observations> sets;
  private final FitOptions options;
  private final Search.Optimum optimum;
  private final boolean projected;
  private final Groups groups;
  private final List<Parameter> parameters;
  private final double[] theta;
  private final Identification known;
  private final List<String> warnings = new ArrayList<>();
  private double[] errors = {};
  private Status status;

  /**
   * Makes the inference.
   *
   * @param projected whether starts came from variable projection
   */
  Inference(
      ScaledData data,
      List<Observations> sets,
      FitOptions options,
      Search.Optimum optimum,
      boolean projected) {
    this.data = data;
    this.sets = sets;
    this.options = options;
    this.optimum = optimum;
    this.projected = projected;
    this.groups = Groups.of(Pooled.of(sets).group());
    this.parameters = data.model.parameters;
    this.theta = data.original(optimum.theta());
    this.known = new Identification(data, new Misfit(data, options), optimum.theta());
    this.status = optimum.converged() ? Status.CONVERGED : Status.NOT_CONVERGED;
  }

  /** Returns one fit a data set. */
  List<Fit> fits() {
    checkRange();
    if (!optimum.converged()) {
      warnings.add("the search ended before an optimum was reached: the best point is given");
    }
    warnOfBounds();
    warnOfIdentification();
    Covariance.Spread spread = Covariance.of(data, options, optimum, known);
    double[][] covariance = spread.matrix();
    this.errors = spread.errors();
    if (covariance.length == 0) {
      warnings.add("points: " + data.points + ", as many as parameters: no interval can be given");
    }
    double[][] samples = samples();
    List<Estimate> estimates = new ArrayList<>();
    for (int i = 0; i < theta.length; i++) {
      estimates.add(estimate(i, covariance, samples));
    }
    warnOfWidth();
    warnOfGroups();
    warnings.addAll(0, MixedUnits.of(data.model, sets, options, theta));
    warnings.addAll(Turning.of(data.model, sets, theta));
    List<Fit> fits = new ArrayList<>();
    for (int set = 0; set < data.model.sets; set++) {
      fits.add(fit(new Expansion(data.model, set), estimates, covariance, samples));
    }
    return fits;
  }

  private Fit fit(
      Expansion set, List<Estimate> estimates, double[][] covariance, double[][] samples) {
    return new Fit(
        data.model.law,
        status,
        options.objective(),
        data.original(options.objective(), optimum.value()),
        data.points,
        set.estimates(estimates),
        set.covariance(covariance),
        noise(),
        options.level(),
        set.samples(samples),
        warnings,
        diagnostics());
  }

  private Diagnostics diagnostics() {
    List<String> atBounds = new ArrayList<>();
    for (int i = 0; i < theta.length; i++) {
      if (isAtBound(i)) {
        atBounds.add(parameters.get(i).name());
      }
    }
    String engine =
        (projected ? "variable projection, " : "")
            + (theta.length > Bfgs.DENSE ? "L-BFGS" : "BFGS")
            + (optimum.polished() ? ", Levenberg-Marquardt" : "");
    return new Diagnostics(
        engine,
        optimum.evaluations(),
        optimum.gradientNorm(),
        known.isComplete() ? known.singular().condition() : Double.POSITIVE_INFINITY,
        atBounds,
        data.points - theta.length);
  }

  /** A factor of a power of a variable near 1e300 may lie beyond the range of a double. */
  private void checkRange() {
    for (int i = 0; i < theta.length; i++) {
      if (!Double.isFinite(theta[i])) {
        throw new IllegalArgumentException(
            parameters.get(i).name()
                + ": "
                + theta[i]
                + " (expected: a finite number; give the variables in other units)");
      }
    }
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
    if (options.resamples() == 0) {
      return new double[0][];
    }
    Bootstrap.Result result = Bootstrap.run(data, options, optimum.theta(), groups);
    if (result.failures() > 0) {
      warnings.add(
          "bootstrap: "
              + (result.failures() + " of " + options.resamples())
              + " resamples did not converge; their best points are used");
    }
    return result.samples();
  }

  private Estimate estimate(int i, double[][] covariance, double[][] samples) {
    if (options.intervals() == Intervals.PROFILE && covariance.length > 0) {
      return profiled(i);
    }
    if (known.isLost(i) || (samples.length == 0 && (covariance.length == 0 || isAtBound(i)))) {
      return new Estimate(parameters.get(i).name(), theta[i], Double.NaN, Double.NaN);
    }
    return samples.length > 0 ? percentiles(i, samples) : symmetric(i);
  }

  private Estimate profiled(int i) {
    Profile profile = new Profiler(data.model, sets, options, theta).of(i);
    if (profile.isFlat()) {
      String side = profile.flatBelow() ? "below" : "above";
      warnings.add(
          parameters.get(i).name()
              + ": its profile is flat "
              + (profile.flatBelow() && profile.flatAbove() ? "on both sides" : side)
              + (profile.moving().isEmpty()
                  ? ""
                  : ", known only in combination with " + String.join(", ", profile.moving())));
    }
    return profile.estimate();
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

  private Estimate symmetric(int i) {
    Parameter parameter = parameters.get(i);
    double half = StudentT.twoSided(options.level(), data.points - theta.length) * errors[i];
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
  private void warnOfWidth() {
    for (int i = 0; i < errors.length; i++) {
      double error = errors[i];
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
    boolean resampled = Bootstrap.byRun(options, groups) || options.intervals() == Intervals.WILD;
    resampled &= groups.count() >= Bootstrap.ENOUGH_GROUPS;
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
    Misfit misfit = new Misfit(data, options);
    double[] all = new double[misfit.rows()];
    misfit.residuals(optimum.theta(), all, new double[all.length][theta.length]);
    double[] residuals = Arrays.copyOf(all, data.points);
    double scale = options.objective().isLogarithmic() ? 1 : data.lossFactor;
    if (optimum.refined()) {
      double weight = Arrays.stream(data.weight).sum();
      return scale * Math.sqrt(optimum.value() / freedom * data.points / weight);
    }
    if (!options.objective().isSquares()) {
      double spread = 1.4826 * Quantiles.medianOfAbsolute(residuals);
      return spread * Math.sqrt((double) data.points / freedom);
    }
    double squares = 0;
    double weights = 0;
    for (int i = 0; i < residuals.length; i++) {
      squares += data.weight[i] * residuals[i] * residuals[i];
      weights += data.weight[i];
    }
    return scale * Math.sqrt(squares / freedom * data.points / weights);
  }
}
