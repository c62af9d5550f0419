package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.List;

/** Makes a parameter of a search out of one of a law and what the user knows of it. */
final class FreeParameter {

  private FreeParameter() {}

  /**
   * Returns the parameter with the bounds of all that are tied to it. It is nonlinear where any of
   * them is, and starts that a bound cuts off move to the bound.
   *
   * @param suffix tells the copies of several data sets apart
   */
  static Parameter of(List<Parameter> all, int index, Constraints constraints, String suffix) {
    Parameter own = all.get(index);
    double lower = own.lower();
    double upper = own.upper();
    Parameter.Kind kind = own.kind();
    List<Double> starts = own.starts();
    for (Parameter other : all) {
      if (!constraints.root(other.name()).equals(own.name())) {
        continue;
      }
      lower = Math.max(lower, other.lower());
      upper = Math.min(upper, other.upper());
      if (kind != Parameter.Kind.NONLINEAR && !other.isLinear()) {
        kind = Parameter.Kind.NONLINEAR;
        starts = other.starts();
      }
    }
    Constraints.Bounds limits = constraints.bounds().get(own.name());
    if (limits != null) {
      lower = Math.max(lower, limits.lower());
      upper = Math.min(upper, limits.upper());
    }
    return new Parameter(
        own.name() + suffix,
        own.unit(),
        lower,
        upper,
        own.meaning(),
        kind,
        within(starts, lower, upper));
  }

  private static List<Double> within(List<Double> starts, double lower, double upper) {
    List<Double> kept = new ArrayList<>();
    for (double start : starts) {
      double moved = Math.max(lower, Math.min(upper, start));
      if (!kept.contains(moved)) {
        kept.add(moved);
      }
    }
    if (kept.size() == 1 && starts.size() > 1 && Double.isFinite(lower) && Double.isFinite(upper)) {
      return List.of(.75 * lower + .25 * upper, .5 * (lower + upper), .25 * lower + .75 * upper);
    }
    return kept;
  }
}
