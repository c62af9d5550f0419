package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.Objects;

/**
 * Names one input of a law, with its unit and its domain.
 *
 * @param name the letter used in the formula and in {@code --map}, for example {@code n}
 * @param unit the unit, for example {@code tokens}
 * @param meaning what the number is, in words
 * @param domain which numbers the formula accepts
 */
public record Variable(String name, String unit, String meaning, Domain domain)
    implements Serializable {

  /** Says which numbers a formula accepts. */
  public enum Domain {
    /** Finite numbers above zero: the formula takes a power or a logarithm of them. */
    POSITIVE,
    /** All finite numbers. */
    REAL
  }

  public Variable {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(meaning, "meaning");
    Objects.requireNonNull(domain, "domain");
  }

  /** Creates a variable that must be above zero. */
  public Variable(String name, String unit, String meaning) {
    this(name, unit, meaning, Domain.POSITIVE);
  }

  /** Says whether the formula accepts this number. */
  public boolean accepts(double value) {
    return Double.isFinite(value) && (domain == Domain.REAL || value > 0);
  }

  /** Says in words which numbers are accepted, for error messages. */
  public String rule() {
    return domain == Domain.POSITIVE ? "a finite number above 0" : "a finite number";
  }
}
