package dev.headroom.scaling.fit;

/**
 * Keeps the inverse Hessian of {@link Bfgs}: Gauss-Newton at a restart, then updates of rank two.
 *
 * <p>Rows and columns of held parameters are zero, so directions never move them.
 */
final class InverseHessian implements Metric {

  private final Misfit misfit;

  private final int size;
  private final double[][] matrix;
  private final double[][] lower;
  private final double[][] inverse;
  private final double[] scale;
  private final double[] product;

  InverseHessian(Misfit misfit) {
    this.misfit = misfit;
    this.size = misfit.parameters;
    this.matrix = new double[size][size];
    this.lower = new double[size][size];
    this.inverse = new double[size][size];
    this.scale = new double[size];
    this.product = new double[size];
  }

  /**
   * Inverts the Gauss-Newton matrix over the parameters that are not held.
   *
   * <p>Scaled to a unit diagonal; a ridge grows from 1e-13 until the factorisation succeeds, so a
   * matrix of lower rank gives long but finite steps.
   */
  @Override
  public void restart(double[] theta, boolean[] held) {
    misfit.curvature(theta, matrix);
    for (int i = 0; i < size; i++) {
      double diagonal = matrix[i][i];
      scale[i] = held[i] ? 0 : diagonal > 0 ? 1 / Math.sqrt(diagonal) : 1;
    }
    double ridge = 1e-13;
    while (!factorise(ridge)) {
      ridge *= 100;
    }
    for (int column = 0; column < size; column++) {
      solveUnit(column);
    }
  }

  private boolean factorise(double ridge) {
    for (int j = 0; j < size; j++) {
      double pivot = scale[j] == 0 ? 1 : matrix[j][j] * scale[j] * scale[j] + ridge;
      for (int k = 0; k < j; k++) {
        pivot -= lower[j][k] * lower[j][k];
      }
      if (!(pivot > .5 * ridge) && ridge < 1e6) {
        return false;
      }
      lower[j][j] = Math.sqrt(pivot);
      for (int i = j + 1; i < size; i++) {
        double sum = matrix[i][j] * scale[i] * scale[j];
        for (int k = 0; k < j; k++) {
          sum -= lower[i][k] * lower[j][k];
        }
        lower[i][j] = sum / lower[j][j];
      }
    }
    return true;
  }

  private void solveUnit(int column) {
    for (int i = 0; i < size; i++) {
      double sum = i == column ? scale[i] : 0;
      for (int k = 0; k < i; k++) {
        sum -= lower[i][k] * product[k];
      }
      product[i] = sum / lower[i][i];
    }
    for (int i = size - 1; i >= 0; i--) {
      double sum = product[i];
      for (int k = i + 1; k < size; k++) {
        sum -= lower[k][i] * product[k];
      }
      product[i] = sum / lower[i][i];
    }
    for (int i = 0; i < size; i++) {
      inverse[i][column] = product[i] * scale[i];
    }
  }

  @Override
  public double descend(double[] gradient, double[] direction) {
    double slope = 0;
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int j = 0; j < size; j++) {
        sum -= inverse[i][j] * gradient[j];
      }
      direction[i] = sum;
      slope += sum * gradient[i];
    }
    return slope;
  }

  @Override
  public void update(double[] s, double[] y) {
    double sy = 0;
    double ss = 0;
    double yy = 0;
    for (int i = 0; i < size; i++) {
      sy += s[i] * y[i];
      ss += s[i] * s[i];
      yy += y[i] * y[i];
    }
    if (!(sy > 1e-12 * Math.sqrt(ss * yy))) {
      return;
    }
    double yhy = 0;
    for (int i = 0; i < size; i++) {
      double sum = 0;
      for (int j = 0; j < size; j++) {
        sum += inverse[i][j] * y[j];
      }
      product[i] = sum;
      yhy += sum * y[i];
    }
    double outer = (1 + yhy / sy) / sy;
    for (int i = 0; i < size; i++) {
      for (int j = 0; j <= i; j++) {
        double change = outer * s[i] * s[j] - (product[i] * s[j] + s[i] * product[j]) / sy;
        inverse[i][j] += change;
        inverse[j][i] = inverse[i][j];
      }
    }
  }
}
