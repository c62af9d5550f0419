package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Draws parameters around an estimate; prefactors on their logarithm, because their error is
 * multiplicative.
 */
final class NormalDraws {

  private final List<Parameter> parameters;
  private final double[] theta;
  private final boolean[] logarithmic;
  private final double[][] factor;

  NormalDraws(Law law, double[] theta, double[][] covariance) {
    this.parameters = law.parameters();
    this.theta = theta;
    this.logarithmic = new boolean[theta.length];
    double[][] scaled = new double[theta.length][theta.length];
    for (int i = 0; i < theta.length; i++) {
      logarithmic[i] = parameters.get(i).kind() == Parameter.Kind.PREFACTOR && theta[i] > 0;
    }
    for (int i = 0; i < theta.length; i++) {
      for (int j = 0; j < theta.length; j++) {
        double part =
            covariance[i][j] / (logarithmic[i] ? theta[i] : 1) / (logarithmic[j] ? theta[j] : 1);
        scaled[i][j] = Double.isNaN(part) ? 0 : part;
      }
    }
    this.factor = cholesky(scaled);
  }

  double[] next(SplittableRandom random) {
    double[] normal = new double[theta.length];
    double[] draw = new double[theta.length];
    for (int i = 0; i < theta.length; i++) {
      normal[i] = random.nextGaussian();
      double step = 0;
      for (int j = 0; j <= i; j++) {
        step += factor[i][j] * normal[j];
      }
      double value = logarithmic[i] ? theta[i] * Math.exp(step) : theta[i] + step;
      Parameter parameter = parameters.get(i);
      draw[i] = Math.max(parameter.lower(), Math.min(parameter.upper(), value));
    }
    return draw;
  }

  /** A pivot that is not positive is rounding in a direction without spread: it gives zeros. */
  private static double[][] cholesky(double[][] a) {
    int n = a.length;
    double[][] l = new double[n][n];
    for (int j = 0; j < n; j++) {
      double pivot = a[j][j];
      for (int k = 0; k < j; k++) {
        pivot -= l[j][k] * l[j][k];
      }
      if (!(pivot > 0)) {
        continue;
      }
      l[j][j] = Math.sqrt(pivot);
      for (int i = j + 1; i < n; i++) {
        double sum = a[i][j];
        for (int k = 0; k < j; k++) {
          sum -= l[i][k] * l[j][k];
        }
        l[i][j] = sum / l[j][j];
      }
    }
    return l;
  }
}
