package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Parameter;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Says what a user knows of the parameters of a law, by their names.
 *
 * @param fixed parameters that keep a value
 * @param tied parameters that equal another one
 * @param bounds limits besides those of the law
 * @param priors soft knowledge
 */
public record Constraints(
    Map<String, Double> fixed,
    Map<String, String> tied,
    Map<String, Bounds> bounds,
    Map<String, Prior> priors)
    implements Serializable {

  private static final Constraints NONE = new Constraints(Map.of(), Map.of(), Map.of(), Map.of());

  /** Holds the smallest and the largest value a parameter may take. */
  public record Bounds(double lower, double upper) implements Serializable {
    public Bounds {
      if (!(lower < upper)) {
        throw new IllegalArgumentException(
            "bounds: " + lower + ":" + upper + " (expected: lower below upper; or fix it)");
      }
    }
  }

  public Constraints {
    fixed = Map.copyOf(fixed);
    tied = Map.copyOf(tied);
    bounds = Map.copyOf(bounds);
    priors = Map.copyOf(priors);
  }

  /** Returns no constraints besides those of the law. */
  public static Constraints none() {
    return NONE;
  }

  /** Returns these constraints with a parameter kept at a value. */
  public Constraints fix(String parameter, double value) {
    return new Constraints(with(fixed, parameter, value), tied, bounds, priors);
  }

  /** Returns these constraints with a parameter that equals another one. */
  public Constraints tie(String parameter, String other) {
    return new Constraints(fixed, with(tied, parameter, other), bounds, priors);
  }

  /** Returns these constraints with limits for a parameter. */
  public Constraints bound(String parameter, double lower, double upper) {
    return new Constraints(fixed, tied, with(bounds, parameter, new Bounds(lower, upper)), priors);
  }

  /** Returns these constraints with a prior. */
  public Constraints prior(String parameter, Prior prior) {
    return new Constraints(fixed, tied, bounds, with(priors, parameter, prior));
  }

  /**
   * Checks that these constraints suit a law.
   *
   * @throws IllegalArgumentException for a name the law does not have, a value outside its domain,
   *     a parameter that is both fixed and tied or bounded, or ties in a circle
   */
  public void check(Law law) {
    for (Map<String, ?> map : List.of(fixed, tied, bounds, priors)) {
      map.keySet().forEach(name -> parameter(law, name));
    }
    fixed.forEach((name, value) -> checkFixed(parameter(law, name), value));
    law.parameters().forEach(parameter -> checkTie(law, parameter.name()));
    bounds.forEach((name, limits) -> checkBounds(parameter(law, name), limits));
  }

  private void checkTie(Law law, String name) {
    String other = tied.get(name);
    if (other == null) {
      return;
    }
    parameter(law, other);
    root(name);
    if (bounds.containsKey(name) || priors.containsKey(name)) {
      throw new IllegalArgumentException(
          name + ": tied to " + other + " (expected: bounds and priors on " + other + ")");
    }
  }

  /** Returns the parameter that a parameter equals in the end: itself where it is not tied. */
  String root(String name) {
    String root = name;
    for (int k = 0; tied.containsKey(root); k++) {
      if (k > tied.size()) {
        throw new IllegalArgumentException(
            "tie: " + name + " (expected: no parameter tied to itself, nor in a circle)");
      }
      root = tied.get(root);
    }
    return root;
  }

  private void checkFixed(Parameter parameter, double value) {
    String name = parameter.name();
    if (!(value >= parameter.lower() && value <= parameter.upper()) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          name
              + ": "
              + value
              + (" (expected: from " + parameter.lower() + " to " + parameter.upper() + ")"));
    }
    if (tied.containsKey(name) || bounds.containsKey(name) || priors.containsKey(name)) {
      throw new IllegalArgumentException(
          name + ": fixed at " + value + " (expected: no tie, bound or prior on it as well)");
    }
  }

  private static void checkBounds(Parameter parameter, Bounds limits) {
    if (limits.lower() >= parameter.upper() || limits.upper() <= parameter.lower()) {
      throw new IllegalArgumentException(
          parameter.name()
              + " bounds: "
              + (limits.lower() + ":" + limits.upper())
              + (" (expected: inside " + parameter.lower() + ":" + parameter.upper() + ")"));
    }
  }

  static Parameter parameter(Law law, String name) {
    StringBuilder names = new StringBuilder();
    for (Parameter parameter : law.parameters()) {
      if (parameter.name().equals(name)) {
        return parameter;
      }
      names.append(names.length() == 0 ? "" : ", ").append(parameter.name());
    }
    throw new IllegalArgumentException(
        "parameter: " + name + " (expected: one of " + names + " of " + law.name() + ")");
  }

  private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
    Map<String, V> copy = new HashMap<>(map);
    copy.put(key, value);
    return copy;
  }
}
