package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Axis;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Locale;

/**
 * Declares one number or text that sets a rule.
 *
 * <p>The command line, the rules file, its schema, {@code --explain} and the documentation are all
 * made from these declarations.
 *
 * @param name name within its rule, for example {@code mads}
 * @param kind what a value is
 * @param standard the default: a number ({@code NaN} for none) or, for a text, "" for none
 * @param low lowest number; {@link Double#MIN_VALUE} stands for "above 0"
 * @param high highest number
 * @param says what it means, with its unit
 */
public record Setting(
    String name, Kind kind, Object standard, double low, double high, String says) {

  /** What the value of a setting is. */
  public enum Kind {
    /** A finite number. */
    NUMBER,
    /** A whole number. */
    WHOLE,
    /** A learning-rate schedule as text. */
    SCHEDULE,
    /** What runs are paired by: step or tokens. */
    AXIS
  }

  static Setting number(String name, double standard, double low, double high, String says) {
    return new Setting(name, Kind.NUMBER, standard, low, high, says);
  }

  static Setting above0(String name, double standard, String says) {
    return number(name, standard, Double.MIN_VALUE, Double.MAX_VALUE, says);
  }

  static Setting share(String name, double standard, String says) {
    return number(name, standard, 0, 1, says);
  }

  static Setting whole(String name, double standard, long low, long high, String says) {
    return new Setting(name, Kind.WHOLE, standard, low, high, says);
  }

  static Setting axis(String name, String says) {
    return new Setting(name, Kind.AXIS, Axis.STEP.word(), 0, 0, says);
  }

  /** Says whether the setting has no value unless it is given one. */
  public boolean offByDefault() {
    return standard instanceof Double number ? number.isNaN() : standard.equals("");
  }

  /** Returns the rule that values keep, in words. */
  public String rule() {
    if (kind == Kind.SCHEDULE) {
      return "a schedule such as cosine(peak=3e-4,warmup=2000,total=24000)";
    }
    if (kind == Kind.AXIS) {
      return "step or tokens";
    }
    String what = kind == Kind.WHOLE ? "a whole number" : "a number";
    if (low == Double.MIN_VALUE && high == Double.MAX_VALUE) {
      return what + " above 0";
    }
    if (high == Double.MAX_VALUE) {
      return what + " from " + text(low) + " on";
    }
    return low == Double.MIN_VALUE
        ? what + " above 0, at most " + text(high)
        : what + " from " + text(low) + " to " + text(high);
  }

  /**
   * Reads a value from text.
   *
   * @param rule id of the rule, for the message
   * @throws IllegalArgumentException if the text breaks the rule
   */
  Object read(String rule, String value) {
    if (kind == Kind.SCHEDULE) {
      try {
        return value.isEmpty() ? value : Schedule.parse(value).text();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(rule + "." + name + ": " + e.getMessage(), e);
      }
    }
    if (kind == Kind.AXIS) {
      try {
        return Axis.named(value).word();
      } catch (IllegalArgumentException e) {
        throw broken(rule, value);
      }
    }
    double number;
    try {
      number = Double.parseDouble(value.trim());
    } catch (NumberFormatException e) {
      throw broken(rule, value);
    }
    boolean inside = number >= low && number <= high && Math.abs(number) <= Double.MAX_VALUE;
    if (!inside || (kind == Kind.WHOLE && number != Math.rint(number))) {
      throw broken(rule, value);
    }
    return number;
  }

  private IllegalArgumentException broken(String rule, String value) {
    return new IllegalArgumentException(
        rule + "." + name + ": " + value + " (expected: " + rule() + ")");
  }

  /** Writes a value as the command line takes it. */
  public static String text(Object value) {
    if (!(value instanceof Double number)) {
      return value.toString().isEmpty() ? "none" : value.toString();
    }
    if (number.isNaN()) {
      return "none";
    }
    boolean whole = number == Math.rint(number) && Math.abs(number) < 1e15;
    return whole ? String.format(Locale.ROOT, "%.0f", number) : number.toString();
  }
}
