package dev.headroom.scaling.fit;

/**
 * Solves small linear least-squares problems in which some unknowns may not be negative.
 *
 * <p>Up to {@value #TRIED} unknowns every set of those that may be zero is tried and the best
 * feasible one kept: exact, and for the three to five columns of a law cheaper than an iteration.
 * Beyond, the active-set method of Lawson and Hanson 1974 (Solving Least Squares Problems, chapter
 * 23).
 */
public final class NonNegative {

  static final int TRIED = 6;

  private final int size;
  private final double[] scale;
  private final double[][] lower;
  private final double[] solution;
  private final int[] chosen;

  /** Makes a solver for problems of one size. */
  public NonNegative(int size) {
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
  public void solve(double[][] gram, double[] rhs, boolean[] signed, double[] out) {
    for (int i = 0; i < size; i++) {
      scale[i] = gram[i][i] > 0 ? 1 / Math.sqrt(gram[i][i]) : 0;
      out[i] = 0;
    }
    if (size > TRIED) {
      iterate(gram, rhs, signed, out);
      return;
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

  private void iterate(double[][] gram, double[] rhs, boolean[] signed, double[] out) {
    boolean[] passive = signed.clone();
    boolean[] parallel = new boolean[size];
    int added = -1;
    for (int round = 0; round < 6 * size; round++) {
      int count = choose(passive);
      if (!factorise(gram, count)) {
        int dropped = added >= 0 ? added : chosen[count - 1];
        passive[dropped] = false;
        parallel[dropped] = true;
        added = -1;
        continue;
      }
      substitute(rhs, count);
      if (move(count, signed, passive, out)) {
        added = steepest(gram, rhs, passive, parallel, out);
        if (added < 0) {
          return;
        }
        passive[added] = true;
      } else {
        added = -1;
      }
    }
  }

  /**
   * Moves towards the solution of the chosen unknowns as far as signs allow; says whether it got
   * there, else the unknowns that became zero are no longer passive.
   */
  private boolean move(int count, boolean[] signed, boolean[] passive, double[] out) {
    double share = 1;
    for (int k = 0; k < count; k++) {
      int i = chosen[k];
      double target = solution[k] * scale[i];
      if (!signed[i] && target < 0) {
        share = Math.min(share, out[i] / (out[i] - target));
      }
    }
    for (int k = 0; k < count; k++) {
      int i = chosen[k];
      double target = solution[k] * scale[i];
      out[i] += share * (target - out[i]);
      if (share < 1 && !signed[i] && target < 0 && out[i] <= 1e-15 * Math.abs(target)) {
        out[i] = 0;
        passive[i] = false;
      }
    }
    return share == 1;
  }

  /** Returns the unknown at zero that lowers the sum fastest; -1 where none does. */
  private int steepest(
      double[][] gram, double[] rhs, boolean[] passive, boolean[] parallel, double[] out) {
    int best = -1;
    double most = 0;
    for (int i = 0; i < size; i++) {
      double fall = rhs[i];
      double terms = Math.abs(rhs[i]);
      for (int j = 0; j < size; j++) {
        fall -= gram[i][j] * out[j];
        terms += Math.abs(gram[i][j] * out[j]);
      }
      boolean real = fall > 1e-13 * terms;
      if (!passive[i] && !parallel[i] && real && fall * scale[i] > most) {
        most = fall * scale[i];
        best = i;
      }
    }
    return best;
  }

  private int choose(boolean[] passive) {
    int count = 0;
    for (int i = 0; i < size; i++) {
      if (passive[i]) {
        chosen[count++] = i;
      }
    }
    return count;
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
