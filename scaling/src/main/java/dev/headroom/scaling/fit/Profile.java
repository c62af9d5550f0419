package dev.headroom.scaling.fit;

import java.io.Serializable;
import java.util.List;

/**
 * Holds the objective over one parameter, all others refitted at each value of it.
 *
 * @param estimate the parameter with the interval in which the objective stays below the threshold;
 *     an end is NaN where it never rises above it
 * @param values the values tried, in rising order; the estimate is one of them
 * @param objectives the objective at each, a sum over the points
 * @param thetas all parameters at each, in the law's order
 * @param threshold the smallest objective plus what noise explains at the level of the interval
 * @param flatBelow whether the objective stays below the threshold down to the end of the domain
 * @param flatAbove whether it does up to the end
 * @param moving names of parameters that change more than threefold along the interval: the
 *     parameter is known only in combination with them
 */
public record Profile(
    Estimate estimate,
    double[] values,
    double[] objectives,
    double[][] thetas,
    double threshold,
    boolean flatBelow,
    boolean flatAbove,
    List<String> moving)
    implements Serializable {

  public Profile {
    values = values.clone();
    objectives = objectives.clone();
    double[][] rows = new double[thetas.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = thetas[i].clone();
    }
    thetas = rows;
    moving = List.copyOf(moving);
  }

  /** Says whether the data bound the parameter from one side at most. */
  public boolean isFlat() {
    return flatBelow || flatAbove;
  }
}
