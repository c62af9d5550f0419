package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Variable;
import java.io.Serializable;
import java.util.List;

/**
 * Holds the points a law is fitted to.
 *
 * @param x one row a point, one number a variable in the law's order
 * @param loss the observed losses, above zero
 * @param group the run each point belongs to; points of one run are not independent
 */
public record Observations(double[][] x, double[] loss, int[] group) implements Serializable {

  /** Outside these limits squares of losses leave the range of a double. */
  private static final double LEAST = 1e-100;

  private static final double MOST = 1e100;

  public Observations {
    if (x.length != loss.length || x.length != group.length) {
      throw new IllegalArgumentException(
          "lengths of x, loss, group: "
              + (x.length + ", " + loss.length + ", " + group.length)
              + " (expected: equal)");
    }
    double[][] rows = new double[x.length][];
    for (int i = 0; i < x.length; i++) {
      rows[i] = x[i].clone();
    }
    x = rows;
    loss = loss.clone();
    group = group.clone();
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
    List<Variable> variables = law.variables();
    for (int i = 0; i < loss.length; i++) {
      checkRow(law, variables, i);
    }
    if (loss.length < law.parameters().size()) {
      throw new IllegalArgumentException(
          "points: "
              + loss.length
              + " (expected: at least "
              + law.parameters().size()
              + ", the number of parameters of "
              + law.name()
              + ")");
    }
  }

  private void checkRow(Law law, List<Variable> variables, int row) {
    if (x[row].length != variables.size()) {
      throw bad(row, "variables", x[row].length, variables.size() + " for " + law.name());
    }
    for (int j = 0; j < variables.size(); j++) {
      Variable variable = variables.get(j);
      if (!variable.accepts(x[row][j])) {
        throw bad(row, variable.name(), x[row][j], variable.rule() + "; leave such rows out");
      }
    }
    if (!(loss[row] >= LEAST && loss[row] <= MOST)) {
      String rule = "a finite number above 0, from 1e-100 to 1e100; leave such rows out";
      throw bad(row, "loss", loss[row], rule);
    }
  }

  private static IllegalArgumentException bad(int row, String name, Number value, String rule) {
    return new IllegalArgumentException(
        "row " + (row + 1) + " " + name + ": " + value + " (expected: " + rule + ")");
  }

  private static int[] counting(int length) {
    int[] group = new int[length];
    for (int i = 0; i < length; i++) {
      group[i] = i;
    }
    return group;
  }
}
