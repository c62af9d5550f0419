package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Turns an optimum into a {@link Fit}: says whether the points determine it, and how well.
 *
 * <p>Covariance is {@code s^2 (J'J)^-1} with {@code s^2 = RSS / (points - parameters)} for squares.
 * For the Huber function it is that of an M-estimator with equal errors, {@code (J'J)^-1
 * mean(psi^2) / mean(psi')^2 * points / (points - parameters)} (Huber 1981, section 7.6), where
 * {@code mean(psi')} is the share of residuals inside delta. With delta far below the noise that
 * share counts few points, so it is taken over a wider window of {@code 2.44 sigma points^(-1/3)}
 * (Hall and Sheather 1988, for the median) and scaled down to delta.
 */
final class Inference {

  /** Above this the parameters are known only in combination; 11 to 1,000 are usual. */
  private static final double CONDITION = 1e7;

  private final ScaledData data;
  private final FitOptions options;
  private final Search.Optimum optimum;
  private final Groups groups;
  private final Misfit misfit;
  private final Law law;
  private final List<Parameter> parameters;
  private final double[] residuals;
  private final double[] theta;
  private final SingularValues singular;
  private final List<String> warnings = new ArrayList<>();
  private Status status;

  Inference(ScaledData data, FitOptions options, Search.Optimum optimum, Groups groups) {
    this.data = data;
    this.options = options;
    this.optimum = optimum;
    this.groups = groups;
    this.misfit = new Misfit(data, options);
    this.law = data.law;
    this.parameters = law.parameters();
    this.residuals = new double[data.points];
    this.theta = data.original(optimum.theta());
    double[][] jacobian = new double[data.points][parameters.size()];
    misfit.residuals(optimum.theta(), residuals, jacobian);
    this.singular = new SingularValues(jacobian, parameters.size());
    this.status = optimum.converged() ? Status.CONVERGED : Status.NOT_CONVERGED;
  }

  Fit fit() {
    if (!optimum.converged()) {
      warnings.add("the search ended before an optimum was reached: the best point is given");
    }
    warnOfBounds();
    warnOfRank();
    double[][] covariance = status == Status.NOT_IDENTIFIABLE ? new double[0][] : covariance();
    double[][] samples = samples();
    List<Estimate> estimates = estimates(covariance, samples);
    warnOfWidth(covariance);
    warnOfGroups();
    return new Fit(
        law,
        status,
        options.objective(),
        optimum.value(),
        data.points,
        estimates,
        covariance,
        noise(),
        options.level(),
        samples,
        warnings);
  }

  private void warnOfBounds() {
    for (int i = 0; i < theta.length; i++) {
      Parameter parameter = parameters.get(i);
      if (optimum.theta()[i] <= parameter.lower() || optimum.theta()[i] >= parameter.upper()) {
        warnings.add(
            parameter.name() + " ended at its bound " + theta[i] + ": the data pull beyond it");
      }
    }
  }

  private void warnOfRank() {
    if (singular.condition() <= CONDITION) {
      return;
    }
    status = Status.NOT_IDENTIFIABLE;
    boolean without = false;
    for (int i = 0; i < theta.length; i++) {
      if (singular.lengths()[i] == 0) {
        without = true;
        warnings.add(
            parameters.get(i).name() + " is not identifiable: it has no effect at these points");
      }
    }
    if (!without) {
      warnings.add(
          weakest() + " are known only in combination: other values of them fit just as well");
    }
  }

  private String weakest() {
    double[] direction = singular.weakest();
    double largest = 0;
    for (double part : direction) {
      largest = Math.max(largest, Math.abs(part));
    }
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < direction.length; i++) {
      if (Math.abs(direction[i]) > .05 * largest) {
        names.append(names.length() == 0 ? "" : ", ").append(parameters.get(i).name());
      }
    }
    return names.toString();
  }

  private double[][] covariance() {
    int freedom = data.points - theta.length;
    if (freedom < 1) {
      warnings.add("points: " + data.points + ", as many as parameters: no interval can be given");
      return new double[0][];
    }
    double[][] inverse =
        options.objective() == Objective.HUBER_LOG ? sandwich(freedom) : classic(freedom);
    double[][] change = change();
    double[][] covariance = new double[theta.length][theta.length];
    for (int i = 0; i < theta.length; i++) {
      for (int j = 0; j < theta.length; j++) {
        double sum = 0;
        for (int k = 0; k < theta.length; k++) {
          for (int l = 0; l < theta.length; l++) {
            sum += change[i][k] * inverse[k][l] * change[j][l];
          }
        }
        covariance[i][j] = sum;
      }
    }
    return covariance;
  }

  private double[][] classic(int freedom) {
    double variance = meanSquare(freedom);
    double[][] covariance = singular.inverseGram();
    for (double[] row : covariance) {
      for (int j = 0; j < row.length; j++) {
        row[j] *= variance;
      }
    }
    return covariance;
  }

  private double meanSquare(int freedom) {
    double squares = 0;
    for (double residual : residuals) {
      squares += residual * residual;
    }
    return squares / freedom;
  }

  private double[][] sandwich(int freedom) {
    int size = theta.length;
    double[][] bend = new double[data.points][size];
    double[][] push = new double[size][size];
    misfit.residuals(optimum.theta(), residuals, bend);
    double window = robustSpread() * Math.min(3, 4.2 / Math.cbrt(data.points));
    for (int i = 0; i < data.points; i++) {
      double psi = misfit.psi(residuals[i]);
      double weight = Math.sqrt(inside(residuals[i], window));
      for (int k = 0; k < size; k++) {
        for (int l = 0; l < size; l++) {
          push[k][l] += psi * psi * bend[i][k] * bend[i][l] * data.points / freedom;
        }
      }
      for (int k = 0; k < size; k++) {
        bend[i][k] *= weight;
      }
    }
    SingularValues weighted = new SingularValues(bend, size);
    if (weighted.condition() > CONDITION) {
      return classic(freedom);
    }
    double[][] inverse = weighted.inverseGram();
    return product(product(inverse, push), inverse);
  }

  /** Returns the mean of psi' over the window around a residual. */
  private double inside(double residual, double window) {
    double delta = options.delta();
    if (window == 0) {
      return Math.abs(residual) <= delta ? 1 : 0;
    }
    double overlap = Math.min(delta, residual + window) - Math.max(-delta, residual - window);
    return Math.max(0, overlap) / (2 * window);
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] product = new double[a.length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a.length; j++) {
        for (int k = 0; k < a.length; k++) {
          product[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return product;
  }

  /** Returns the derivatives of the original parameters by the scaled ones. */
  private double[][] change() {
    double[][] change = new double[theta.length][theta.length];
    double[] at = optimum.theta().clone();
    for (int j = 0; j < theta.length; j++) {
      double value = at[j];
      double step = 1e-5 * Math.max(1, Math.abs(value));
      at[j] = value + step;
      double[] above = data.original(at);
      at[j] = value - step;
      double[] below = data.original(at);
      at[j] = value;
      for (int i = 0; i < theta.length; i++) {
        change[i][j] = (above[i] - below[i]) / (2 * step);
      }
    }
    return change;
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

  private List<Estimate> estimates(double[][] covariance, double[][] samples) {
    List<Estimate> estimates = new ArrayList<>();
    double quantile =
        covariance.length == 0
            ? Double.NaN
            : StudentT.twoSided(options.level(), data.points - theta.length);
    for (int i = 0; i < theta.length; i++) {
      estimates.add(
          samples.length > 0
              ? percentiles(i, samples)
              : symmetric(i, covariance.length == 0 ? Double.NaN : covariance[i][i], quantile));
    }
    return estimates;
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

  private Estimate symmetric(int i, double variance, double quantile) {
    Parameter parameter = parameters.get(i);
    double half = quantile * Math.sqrt(variance);
    boolean logarithmic = parameter.kind() == Parameter.Kind.PREFACTOR && theta[i] > 0;
    double low = logarithmic ? theta[i] * Math.exp(-half / theta[i]) : theta[i] - half;
    double high = logarithmic ? theta[i] * Math.exp(half / theta[i]) : theta[i] + half;
    return new Estimate(
        parameter.name(),
        theta[i],
        Math.max(low, parameter.lower()),
        Math.min(high, parameter.upper()));
  }

  /** An exponent or a prefactor with an error ten times its size is a guess, whatever the rank. */
  private void warnOfWidth(double[][] covariance) {
    for (int i = 0; i < covariance.length; i++) {
      double error = Math.sqrt(covariance[i][i]);
      if (parameters.get(i).kind() == Parameter.Kind.LINEAR || !(error > Math.abs(theta[i]))) {
        continue;
      }
      boolean hopeless = error > 10 * Math.abs(theta[i]);
      status = hopeless && status == Status.CONVERGED ? Status.NOT_IDENTIFIABLE : status;
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
              + " runs and are not independent: intervals are too narrow");
    }
  }

  private double noise() {
    int freedom = data.points - theta.length;
    if (freedom < 1) {
      return Double.NaN;
    }
    if (options.objective() == Objective.HUBER_LOG) {
      return robustSpread() * Math.sqrt((double) data.points / freedom);
    }
    return Math.sqrt(meanSquare(freedom));
  }

  private double robustSpread() {
    return 1.4826 * Quantiles.medianOfAbsolute(residuals);
  }
}
