package dev.headroom.scaling.fit;

/**
 * Solves small linear least-squares problems in which some unknowns may not be negative.
 *
 * <p>Tries every set of unknowns that may be zero and keeps the best feasible one. Exact, and for
 * the three to five columns of a law cheaper than an active-set iteration; not meant for more than
 * {@value #MOST} columns.
 */
final class NonNegative {

  static final int MOST = 10;

  private final int size;
  private final double[] scale;
  private final double[][] lower;
  private final double[] solution;
  private final int[] chosen;

  NonNegative(int size) {
    if (size > MOST) {
      throw new IllegalArgumentException(
          "linear parameters: " + size + " (expected: at most " + MOST + ")");
    }
    this.size = size;
    this.scale = new double[size];
    this.lower = new double[size][size];
    this.solution = new double[size];
    this.chosen = new int[size];
  }

  /**
   * Minimises {@code beta' gram beta - 2 rhs' beta}.
   *
   * @param signed whether an unknown may be negative
   * @param out receives the solution
   */
  void solve(double[][] gram, double[] rhs, boolean[] signed, double[] out) {
    for (int i = 0; i < size; i++) {
      scale[i] = gram[i][i] > 0 ? 1 / Math.sqrt(gram[i][i]) : 0;
      out[i] = 0;
    }
    double best = 0;
    for (int set = 1; set < 1 << size; set++) {
      int count = choose(set);
      if (!factorise(gram, count)) {
        continue;
      }
      double gain = substitute(rhs, count);
      if (gain > best && feasible(signed, count)) {
        best = gain;
        for (int i = 0; i < size; i++) {
          out[i] = 0;
        }
        for (int k = 0; k < count; k++) {
          out[chosen[k]] = solution[k] * scale[chosen[k]];
        }
      }
    }
  }

  private int choose(int set) {
    int count = 0;
    for (int i = 0; i < size; i++) {
      if ((set >> i & 1) == 1) {
        chosen[count++] = i;
      }
    }
    return count;
  }

  /** Factorises the chosen part, scaled to a unit diagonal; false where columns are parallel. */
  private boolean factorise(double[][] gram, int count) {
    for (int j = 0; j < count; j++) {
      for (int i = j; i < count; i++) {
        double sum = gram[chosen[i]][chosen[j]] * scale[chosen[i]] * scale[chosen[j]];
        for (int k = 0; k < j; k++) {
          sum -= lower[i][k] * lower[j][k];
        }
        if (i == j) {
          if (!(sum > 1e-12)) {
            return false;
          }
          lower[j][j] = Math.sqrt(sum);
        } else {
          lower[i][j] = sum / lower[j][j];
        }
      }
    }
    return true;
  }

  /** Solves for the chosen unknowns and returns by how much they lower the sum of squares. */
  private double substitute(double[] rhs, int count) {
    double gain = 0;
    for (int i = 0; i < count; i++) {
      double sum = rhs[chosen[i]] * scale[chosen[i]];
      for (int k = 0; k < i; k++) {
        sum -= lower[i][k] * solution[k];
      }
      solution[i] = sum / lower[i][i];
      gain += solution[i] * solution[i];
    }
    for (int i = count - 1; i >= 0; i--) {
      double sum = solution[i];
      for (int k = i + 1; k < count; k++) {
        sum -= lower[k][i] * solution[k];
      }
      solution[i] = sum / lower[i][i];
    }
    return gain;
  }

  private boolean feasible(boolean[] signed, int count) {
    for (int k = 0; k < count; k++) {
      if (solution[k] < 0 && !signed[chosen[k]]) {
        return false;
      }
    }
    return true;
  }
}
