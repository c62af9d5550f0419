package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Names one parameter of a law, with its unit, its domain and the way it enters the formula.
 *
 * @param name the letter used in the formula
 * @param unit the unit; {@code 1} for a pure number
 * @param lower the smallest value that makes sense, possibly minus infinity
 * @param upper the largest value that makes sense, possibly infinity
 * @param meaning what the number is, in words
 * @param kind how the parameter enters the formula
 * @param starts the values a search begins with; empty unless {@code kind} is {@code NONLINEAR}
 */
public record Parameter(
    String name,
    String unit,
    double lower,
    double upper,
    String meaning,
    Kind kind,
    List<Double> starts)
    implements Serializable {

  /** Says how a parameter enters the formula. */
  public enum Kind {
    /** The value of the law is linear in it, and its error is additive. */
    LINEAR,
    /**
     * The value of the law is linear in it, and it multiplies a power whose exponent is fitted too.
     * Its size depends on the unit of the variable and its error is multiplicative, so intervals
     * are formed on its logarithm.
     */
    PREFACTOR,
    /** Anything else, for example an exponent. A search needs starting values for it. */
    NONLINEAR
  }

  public Parameter {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(meaning, "meaning");
    Objects.requireNonNull(kind, "kind");
    starts = List.copyOf(starts);
    if (!(lower < upper)) {
      throw new IllegalArgumentException(
          name + " bounds: " + lower + ", " + upper + " (expected: lower below upper)");
    }
    if (starts.isEmpty() == (kind == Kind.NONLINEAR)) {
      throw new IllegalArgumentException(
          name + " starts: " + starts + " (expected: given for NONLINEAR, and only then)");
    }
    for (double start : starts) {
      if (!(start >= lower && start <= upper)) {
        throw new IllegalArgumentException(
            name + " start: " + start + " (expected: from " + lower + " to " + upper + ")");
      }
    }
  }

  /** Creates an additive level or slope, at least zero. */
  public static Parameter linear(String name, String unit, String meaning) {
    return new Parameter(name, unit, 0, Double.POSITIVE_INFINITY, meaning, Kind.LINEAR, List.of());
  }

  /** Creates the factor in front of a power, at least zero. */
  public static Parameter prefactor(String name, String unit, String meaning) {
    return new Parameter(
        name, unit, 0, Double.POSITIVE_INFINITY, meaning, Kind.PREFACTOR, List.of());
  }

  /**
   * Creates the exponent of a falling power, from 0 to 10, searched from .02 to 3.
   *
   * <p>Published exponents of losses lie between .03 and 1; the grid is about evenly spaced in the
   * logarithm, because a power changes its shape with the ratio of exponents.
   */
  public static Parameter exponent(String name, String meaning) {
    return new Parameter(
        name,
        "1",
        0,
        10,
        meaning,
        Kind.NONLINEAR,
        List.of(.02, .05, .1, .15, .22, .3, .4, .5, .65, .85, 1.1, 1.5, 2.0, 3.0));
  }

  /** Creates a parameter that a search begins at each of the given values. */
  public static Parameter nonlinear(
      String name, String unit, double lower, double upper, String meaning, double... starts) {
    List<Double> list = Arrays.stream(starts).boxed().toList();
    return new Parameter(name, unit, lower, upper, meaning, Kind.NONLINEAR, list);
  }

  /** Says whether the value of the law is linear in this parameter. */
  public boolean isLinear() {
    return kind != Kind.NONLINEAR;
  }
}
