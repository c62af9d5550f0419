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
    REAL,
    /** Whole numbers from 0: steps, samples, the index of a run. No fit changes their unit. */
    COUNT,
    /** Numbers from 0 to 1: proportions. No fit changes their unit. */
    SHARE;

    /** Says whether the numbers may be counted in another unit. */
    public boolean hasUnit() {
      return this == POSITIVE || this == REAL;
    }

    private boolean accepts(double value) {
      return switch (this) {
        case POSITIVE -> value > 0;
        case REAL -> true;
        case COUNT -> value >= 0 && value == Math.rint(value);
        case SHARE -> value >= 0 && value <= 1;
      };
    }
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
    return Double.isFinite(value) && domain.accepts(value);
  }

  /** Says in words which numbers are accepted, for error messages. */
  public String rule() {
    return switch (domain) {
      case POSITIVE -> "a finite number above 0";
      case REAL -> "a finite number";
      case COUNT -> "a whole number from 0";
      case SHARE -> "a number from 0 to 1";
    };
  }
}
