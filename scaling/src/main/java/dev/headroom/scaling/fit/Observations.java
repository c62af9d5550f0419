package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import dev.headroom.scaling.law.Variable;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Holds the points a law is fitted to.
 *
 * @param x one row a point, one number a variable in the law's order
 * @param loss the observed losses, above zero
 * @param group the run each point belongs to; points of one run are not independent
 * @param weight how often each point counts, above zero: the inverse variance of its error, up to a
 *     common factor
 */
public record Observations(double[][] x, double[] loss, int[] group, double[] weight)
    implements Serializable {

  /** Limits for laws that do not scale with the losses: beyond them squares leave the range. */
  private static final double LEAST = 1e-100;

  private static final double MOST = 1e100;

  public Observations {
    if (x.length != loss.length || x.length != group.length || x.length != weight.length) {
      throw new IllegalArgumentException(
          "lengths of x, loss, group, weight: "
              + (x.length + ", " + loss.length + ", " + group.length + ", " + weight.length)
              + " (expected: equal)");
    }
    double[][] rows = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      rows[i] = x[i].clone();
    }
    x = rows;
    loss = loss.clone();
    group = group.clone();
    weight = weight.clone();
  }

  /** Creates observations in which all points count alike. */
  public Observations(double[][] x, double[] loss, int[] group) {
    this(x, loss, group, ones(loss.length));
  }

  /** Returns these observations with other weights. */
  public Observations withWeight(double[] value) {
    return new Observations(x, loss, group, value);
  }

  /** Creates observations in which every point is a run of its own. */
  public Observations(double[][] x, double[] loss) {
    this(x, loss, counting(loss.length));
  }

  /** Returns the number of points. */
  public int size() {
    return loss.length;
  }

  /**
   * Checks that a law can be fitted to these points at all.
   *
   * @throws IllegalArgumentException naming the first bad row (counted from 1) and its value, or
   *     the number of points where there are fewer than parameters
   */
  public void check(Law law) {
    check(law, law.parameters().size(), true);
  }

  /**
   * Checks as {@link #check(Law)} does, for fewer or more parameters than the law has.
   *
   * @param positive whether the losses have to be above 0; squares of differences take any
   */
  void check(Law law, int parameters, boolean positive) {
    List<Variable> variables = law.variables();
    boolean scales = law.parameters().stream().anyMatch(Parameter::isLinear);
    for (int i = 0; i < loss.length; i++) {
      checkRow(law, variables, scales, i, positive);
    }
    if (loss.length < parameters) {
      throw new IllegalArgumentException(
          "points: "
              + loss.length
              + " (expected: at least "
              + parameters
              + (", the number of parameters of " + law.name() + ")"));
    }
  }

  private void checkRow(
      Law law, List<Variable> variables, boolean scales, int row, boolean positive) {
    if (x[row].length != variables.size()) {
      throw bad(row, "variables", x[row].length, variables.size() + " for " + law.name());
    }
    for (int j = 0; j < variables.size(); j++) {
      Variable variable = variables.get(j);
      if (!variable.accepts(x[row][j])) {
        throw bad(row, variable.name(), x[row][j], variable.rule() + "; leave such rows out");
      }
    }
    boolean inside = loss[row] > 0 && loss[row] < Double.POSITIVE_INFINITY;
    if (!positive && Math.abs(loss[row]) <= MOST) {
      inside = true;
    } else if (!inside || (!scales && !(loss[row] >= LEAST && loss[row] <= MOST))) {
      String rule = "a finite number above 0" + (scales ? "" : ", from 1e-100 to 1e100");
      throw bad(row, "loss", loss[row], rule + "; leave such rows out");
    }
    if (!(weight[row] > 0 && weight[row] < Double.POSITIVE_INFINITY)) {
      throw bad(row, "weight", weight[row], "a finite number above 0; leave such rows out");
    }
  }

  private static IllegalArgumentException bad(int row, String name, Number value, String rule) {
    return new IllegalArgumentException(
        "row " + (row + 1) + " " + name + ": " + value + " (expected: " + rule + ")");
  }

  private static double[] ones(int length) {
    double[] weight = new double[length];
    Arrays.fill(weight, 1);
    return weight;
  }

  private static int[] counting(int length) {
    int[] group = new int[length];
    for (int i = 0; i < length; i++) {
      group[i] = i;
    }
    return group;
  }
}
