package dev.headroom.scaling.fit;

/**
 * Computes the covariance of the parameters at an optimum, in the units of the data as given.
 *
 * <p>For squares {@code s^2 (J'WJ)^-1} with {@code s^2 = RSS / (points - parameters)}, which is the
 * form of Student's t too, with {@link Dispersion} for s^2. For the Huber function the sandwich
 * {@code H^-1 (sum psi^2 g g') H^-1 points / (points - parameters)} with {@code H = sum psi' g g'},
 * which allows for errors that differ from point to point. With delta far below the noise psi' is 1
 * at few points only, so it is averaged over a window of {@code 4.2 sigma points^(-1/3)} around
 * each residual (Powell 1991 for quantiles; width after Hall and Sheather 1988).
 *
 * <p>Rows and columns of parameters at a bound are 0; those of parameters that the points leave
 * open are NaN.
 */
final class Covariance {

  private final ScaledData data;
  private final FitOptions options;
  private final double[] theta;
  private final Identification known;
  private final Misfit misfit;
  private final int freedom;
  private final double[] residuals;
  private final double[][] jacobian;

  /** The sum of squares where it is known better than the residuals are; NaN else. */
  private double squares = Double.NaN;

  private Covariance(
      ScaledData data, FitOptions options, double[] theta, Identification known, int freedom) {
    this.data = data;
    this.options = options;
    this.theta = theta;
    this.known = known;
    this.freedom = freedom;
    this.misfit = new Misfit(data, options);
    misfit.evaluate(theta, new double[theta.length]);
    this.residuals = new double[misfit.rows()];
    double[][] full = new double[residuals.length][theta.length];
    misfit.residuals(theta, residuals, full);
    this.jacobian = known.columns(full);
  }

  /**
   * Holds the covariance and the standard errors, which stay in the range of a double where their
   * squares leave it; both are empty where there are as many parameters as points.
   */
  record Spread(double[][] matrix, double[] errors) {}

  /** Computes the covariance. */
  static Spread of(
      ScaledData data, FitOptions options, Search.Optimum optimum, Identification known) {
    double[] theta = optimum.theta();
    int freedom = data.points - theta.length;
    if (freedom < 1) {
      return new Spread(new double[0][], new double[0]);
    }
    Covariance covariance = new Covariance(data, options, theta, known, freedom);
    covariance.squares = optimum.refined() ? optimum.value() : Double.NaN;
    return covariance.original(
        options.objective() == Objective.HUBER_LOG ? covariance.sandwich() : covariance.classic());
  }

  private double[][] classic() {
    double variance = 0;
    for (int i = 0; i < data.points; i++) {
      variance += data.weight[i] * residuals[i] * residuals[i] / freedom;
    }
    if (!Double.isNaN(squares)) {
      variance = squares / freedom;
    } else if (options.objective() == Objective.STUDENT_T) {
      variance = Dispersion.of(misfit, theta).variance();
    }
    double[][] covariance = known.singular().inverseGram(Identification.LIMIT);
    for (double[] row : covariance) {
      for (int j = 0; j < row.length; j++) {
        row[j] *= variance;
      }
    }
    return covariance;
  }

  private double[][] sandwich() {
    int size = known.free().length;
    double[][] bend = new double[residuals.length][size];
    double[][] push = new double[size][size];
    double window = Dispersion.window(residuals, data.points);
    for (int i = 0; i < residuals.length; i++) {
      boolean point = i < data.points;
      double psi = misfit.penalty().psi(residuals[i]);
      double weight = point ? data.weight[i] : data.dispersion.curvature();
      double bent = point ? weight * misfit.penalty().bend(residuals[i], window) : weight;
      double pushed =
          point
              ? weight * weight * psi * psi * data.points / freedom
              : data.dispersion.unit() * weight;
      for (int k = 0; k < size; k++) {
        bend[i][k] = Math.sqrt(bent) * jacobian[i][k];
        for (int l = 0; l < size; l++) {
          push[k][l] += pushed * jacobian[i][k] * jacobian[i][l];
        }
      }
    }
    SingularValues weighted = new SingularValues(bend, size);
    double limit = Identification.LIMIT;
    if (weighted.rank(limit) < known.singular().rank(limit)) {
      return classic();
    }
    double[][] inverse = weighted.inverseGram(limit);
    return product(product(inverse, push), inverse);
  }

  private Spread original(double[][] covariance) {
    double[][] change = data.change(theta);
    double[] size = new double[theta.length];
    for (int i = 0; i < theta.length; i++) {
      for (double part : change[i]) {
        size[i] = Math.max(size[i], Math.abs(part));
      }
      size[i] = size[i] > 0 ? size[i] : 1;
    }
    double[][] original = new double[theta.length][theta.length];
    double[] errors = new double[theta.length];
    for (int i = 0; i < theta.length; i++) {
      for (int j = 0; j < theta.length; j++) {
        boolean lost = known.isLost(i) || known.isLost(j);
        double part = lost ? Double.NaN : part(covariance, change[i], change[j], size[i], size[j]);
        original[i][j] = size[i] * part * size[j];
        errors[i] = i == j ? size[i] * Math.sqrt(Math.max(0, part)) : errors[i];
      }
      errors[i] = known.isLost(i) ? Double.NaN : errors[i];
    }
    return new Spread(original, errors);
  }

  private double part(double[][] covariance, double[] a, double[] b, double sizeA, double sizeB) {
    int[] free = known.free();
    double part = 0;
    for (int k = 0; k < free.length; k++) {
      for (int l = 0; l < free.length; l++) {
        part += a[free[k]] / sizeA * covariance[k][l] * (b[free[l]] / sizeB);
      }
    }
    return part;
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
}
