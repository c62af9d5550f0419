package dev.headroom.scaling.fit;

/**
 * Decomposes a Jacobian whose columns were scaled to length one: tells how well the points
 * determine the parameters.
 *
 * <p>Householder reduction to a small triangle, then one-sided Jacobi rotations, which find small
 * singular values to full relative precision (Demmel and Veselic 1992). The eigenvalues of {@code
 * J'J} would lose half of the digits.
 */
final class SingularValues {

  private final int size;
  private final double[] lengths;
  private final double[] values;
  private final double[][] right;

  /** Decomposes; destroys its argument, one row a point. */
  SingularValues(double[][] jacobian, int size) {
    this.size = size;
    this.lengths = new double[size];
    this.values = new double[size];
    this.right = new double[size][size];
    scale(jacobian);
    rotate(triangle(jacobian));
  }

  /** Returns the largest by the smallest singular value; infinite for a lower rank. */
  double condition() {
    double smallest = Double.POSITIVE_INFINITY;
    for (double value : values) {
      smallest = Math.min(smallest, value);
    }
    return size == 0 ? 1 : smallest > 0 ? largest() / smallest : Double.POSITIVE_INFINITY;
  }

  /** Returns how many directions are determined: singular values above the largest by a limit. */
  int rank(double limit) {
    int rank = 0;
    for (int k = 0; k < size; k++) {
      rank += isLost(k, limit) ? 0 : 1;
    }
    return rank;
  }

  /** Says whether a direction changes the residuals by less than a limit-th of the strongest. */
  boolean isLost(int direction, double limit) {
    return !(values[direction] * limit > largest());
  }

  /** Returns the parts of the parameters, in scaled units, in one direction. */
  double[] direction(int direction) {
    double[] parts = new double[size];
    for (int i = 0; i < size; i++) {
      parts[i] = right[i][direction];
    }
    return parts;
  }

  /**
   * Returns the inverse of {@code J'J} in the parameters as given; lost directions count as if they
   * were known, so parameters that have a part in one must not be read from it.
   */
  double[][] inverseGram(double limit) {
    double[][] inverse = new double[size][size];
    for (int k = 0; k < size; k++) {
      if (isLost(k, limit)) {
        continue;
      }
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          inverse[i][j] +=
              right[i][k] / values[k] / lengths[i] * (right[j][k] / values[k] / lengths[j]);
        }
      }
    }
    return inverse;
  }

  private double largest() {
    double largest = 0;
    for (double value : values) {
      largest = Math.max(largest, value);
    }
    return largest;
  }

  private void scale(double[][] jacobian) {
    for (int j = 0; j < size; j++) {
      double sum = 0;
      for (double[] row : jacobian) {
        sum = Math.hypot(sum, row[j]);
      }
      lengths[j] = sum > 0 ? sum : 1;
      for (double[] row : jacobian) {
        row[j] /= lengths[j];
      }
    }
  }

  private double[][] triangle(double[][] a) {
    int rows = a.length;
    double[][] r = new double[size][size];
    for (int j = 0; j < size; j++) {
      double norm = 0;
      for (int i = j; i < rows; i++) {
        norm += a[i][j] * a[i][j];
      }
      norm = Math.sqrt(norm);
      double pivot = a[j][j];
      double head = pivot > 0 ? -norm : norm;
      for (int i = 0; i < j; i++) {
        r[i][j] = a[i][j];
      }
      r[j][j] = head;
      a[j][j] = pivot - head;
      double half = norm * (norm + Math.abs(pivot));
      for (int k = j + 1; k < size && half > 0; k++) {
        reflect(a, j, k, half);
      }
    }
    return r;
  }

  private static void reflect(double[][] a, int j, int k, double half) {
    double dot = 0;
    for (int i = j; i < a.length; i++) {
      dot += a[i][j] * a[i][k];
    }
    dot /= half;
    for (int i = j; i < a.length; i++) {
      a[i][k] -= dot * a[i][j];
    }
  }

  private void rotate(double[][] u) {
    for (int i = 0; i < size; i++) {
      right[i][i] = 1;
    }
    boolean turned = true;
    for (int sweep = 0; sweep < 60 && turned; sweep++) {
      turned = false;
      for (int p = 0; p < size; p++) {
        for (int q = p + 1; q < size; q++) {
          turned |= rotate(u, p, q);
        }
      }
    }
    for (int k = 0; k < size; k++) {
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum = Math.hypot(sum, u[i][k]);
      }
      values[k] = sum;
    }
  }

  private boolean rotate(double[][] u, int p, int q) {
    double pp = 0;
    double qq = 0;
    double pq = 0;
    for (int i = 0; i < size; i++) {
      pp += u[i][p] * u[i][p];
      qq += u[i][q] * u[i][q];
      pq += u[i][p] * u[i][q];
    }
    if (!(Math.abs(pq) > 1e-15 * Math.sqrt(pp * qq)) || pp == 0 || qq == 0) {
      return false;
    }
    double zeta = (qq - pp) / (2 * pq);
    double tangent = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(1, zeta));
    double cosine = 1 / Math.hypot(1, tangent);
    double sine = cosine * tangent;
    for (double[][] matrix : new double[][][] {u, right}) {
      for (double[] row : matrix) {
        double left = row[p];
        row[p] = cosine * left - sine * row[q];
        row[q] = sine * left + cosine * row[q];
      }
    }
    return true;
  }
}
