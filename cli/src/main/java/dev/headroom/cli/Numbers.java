package dev.headroom.cli;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads {@code n=7e9,d=1.4e11}. */
final class Numbers {

  private Numbers() {}

  /**
   * Reads one number for each name.
   *
   * @param option the option, for messages
   * @param names those that must be there, and no others
   * @throws IllegalArgumentException for a name that is missing or unknown, and for what is no
   *     number
   */
  static Map<String, Double> parse(String option, String text, Collection<String> names) {
    String rule = " (expected: " + String.join("=...,", names) + "=...)";
    Map<String, Double> numbers = new LinkedHashMap<>();
    for (String part : text.split(",")) {
      int equals = part.indexOf('=');
      String name = equals < 0 ? part.strip() : part.substring(0, equals).strip();
      if (equals < 0 || !names.contains(name) || numbers.containsKey(name)) {
        throw new IllegalArgumentException(option + ": " + text + rule);
      }
      numbers.put(name, number(option, name, part.substring(equals + 1).strip()));
    }
    if (numbers.size() < names.size()) {
      throw new IllegalArgumentException(option + ": " + text + rule);
    }
    return numbers;
  }

  private static double number(String option, String name, String text) {
    double value = Double.NaN;
    if (text.matches("[-+0-9.eE]+")) {
      try {
        value = Double.parseDouble(text);
      } catch (NumberFormatException e) {
        value = Double.NaN;
      }
    }
    if (!(Math.abs(value) <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          option + ": " + name + "=" + text + " (expected: a number such as 7e9)");
    }
    return value;
  }
}
