package dev.headroom.scaling.fit;

import java.io.Serializable;
import java.util.List;

/**
 * Says how a fit was found.
 *
 * @param engine the methods used, in order, for example {@code variable projection, BFGS}
 * @param evaluations evaluations of the objective and its gradient over all points; those of the
 *     projection and of resamples are not counted
 * @param gradientNorm length of the gradient at the optimum over the parameters that are not at a
 *     bound, in scaled units
 * @param condition condition number of the Jacobian, its columns scaled to length one; infinite
 *     where the points leave a parameter open
 * @param atBounds names of the parameters that ended at a bound
 * @param degreesOfFreedom points less parameters that were searched
 */
public record Diagnostics(
    String engine,
    int evaluations,
    double gradientNorm,
    double condition,
    List<String> atBounds,
    int degreesOfFreedom)
    implements Serializable {

  public Diagnostics {
    atBounds = List.copyOf(atBounds);
  }
}
