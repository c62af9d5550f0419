package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Says which parameters the points determine at an optimum, from the singular values of the
 * Jacobian of the residuals.
 *
 * <p>A parameter at its bound is taken as known. The others may be without effect (an exponent
 * whose factor is 0, the annealing slope of a constant rate), or known only in combination.
 */
final class Identification {

  /**
   * Above this condition number parameters are known only in combination; 10 to 1,000 are usual.
   */
  static final double LIMIT = 1e7;

  /** A parameter takes part in a direction when its part is above this share of the largest. */
  private static final double SHARE = .05;

  private final List<Parameter> parameters;
  private final int[] free;
  private final boolean[] lost;
  private final SingularValues singular;
  private final List<String> warnings = new ArrayList<>();

  Identification(ScaledData data, Misfit misfit, double[] theta) {
    this.parameters = data.model.parameters;
    this.lost = new boolean[theta.length];
    double[] residuals = new double[misfit.rows()];
    double[][] jacobian = new double[residuals.length][theta.length];
    misfit.residuals(theta, residuals, jacobian);
    misfit.weighRows(residuals, jacobian);
    this.free = effective(jacobian, Search.free(data, theta));
    this.singular = new SingularValues(columns(jacobian), free.length);
    for (int k = 0; k < free.length; k++) {
      if (singular.isLost(k, LIMIT)) {
        mark(singular.direction(k));
      }
    }
    follow(data.change(theta));
  }

  /**
   * Marks parameters without effect, at a bound or not, and returns the free ones that have some.
   */
  private int[] effective(double[][] jacobian, int[] candidates) {
    for (int j = 0; j < lost.length; j++) {
      double largest = 0;
      for (double[] row : jacobian) {
        largest = Math.max(largest, Math.abs(row[j]));
      }
      if (largest == 0) {
        lost[j] = true;
        warnings.add(
            parameters.get(j).name() + " is not identifiable: it has no effect at these points");
      }
    }
    int[] kept = new int[candidates.length];
    int count = 0;
    for (int candidate : candidates) {
      if (!lost[candidate]) {
        kept[count++] = candidate;
      }
    }
    return Arrays.copyOf(kept, count);
  }

  /** What is open in scaled units leaves open what depends on it in the units as given. */
  private void follow(double[][] change) {
    boolean[] scaled = lost.clone();
    for (int j = 0; j < scaled.length; j++) {
      for (int i = 0; i < scaled.length && scaled[j]; i++) {
        lost[i] |= change[i][j] != 0;
      }
    }
  }

  /** Returns the parameters that are not at a bound and have some effect. */
  int[] free() {
    return free;
  }

  /** Returns the decomposition over the free parameters. */
  SingularValues singular() {
    return singular;
  }

  /** Says whether the points leave this parameter open. */
  boolean isLost(int parameter) {
    return lost[parameter];
  }

  /** Says whether the points determine all parameters. */
  boolean isComplete() {
    return warnings.isEmpty();
  }

  /** Returns what is not determined, in words. */
  List<String> warnings() {
    return warnings;
  }

  /** Returns the columns of the free parameters, copied. */
  double[][] columns(double[][] jacobian) {
    double[][] columns = new double[jacobian.length][free.length];
    for (int i = 0; i < columns.length; i++) {
      for (int k = 0; k < free.length; k++) {
        columns[i][k] = jacobian[i][free[k]];
      }
    }
    return columns;
  }

  private void mark(double[] direction) {
    double largest = 0;
    for (double part : direction) {
      largest = Math.max(largest, Math.abs(part));
    }
    StringBuilder names = new StringBuilder();
    int count = 0;
    for (int k = 0; k < direction.length; k++) {
      if (Math.abs(direction[k]) > SHARE * largest) {
        lost[free[k]] = true;
        names.append(count++ == 0 ? "" : ", ").append(parameters.get(free[k]).name());
      }
    }
    String warning =
        names
            + (count == 1 ? " is" : " are")
            + " known only in combination: other values of them fit just as well";
    if (!warnings.contains(warning)) {
      warnings.add(warning);
    }
  }
}
