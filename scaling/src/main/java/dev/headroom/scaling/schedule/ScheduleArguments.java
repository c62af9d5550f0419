package dev.headroom.scaling.schedule;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** The {@code key=value} of a schedule's text, and which of them its shape has asked for. */
final class ScheduleArguments {
  private final String text;
  private final Map<String, String> args = new LinkedHashMap<>();
  private final Map<String, Integer> position = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  ScheduleArguments(String text) {
    this.text = text;
  }

  /** Takes the text between the parentheses apart. */
  void split(String inside) {
    int at = text.indexOf('(') + 1;
    for (String part : inside.split(",", -1)) {
      int eq = part.indexOf('=');
      if (eq < 1 || part.substring(eq + 1).isBlank()) {
        throw new IllegalArgumentException(
            "schedule argument: '"
                + part.trim()
                + "' in "
                + text
                + " (expected: key=value; at character "
                + (at + 1)
                + ")");
      }
      String key = part.substring(0, eq).trim().toLowerCase(Locale.ROOT);
      position.put(key, at);
      at += part.length() + 1;
      if (args.put(key, part.substring(eq + 1).trim()) != null) {
        throw new IllegalArgumentException(
            "schedule argument: " + key + " given twice (expected: once)");
      }
    }
  }

  /** Throws if there is an argument that nothing asked for. */
  void requireKnown(String name) {
    for (String key : args.keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            name + " argument: " + key + " (expected: one of " + String.join(", ", known) + ")");
      }
    }
  }

  /** Says where in the text the argument stands that a message begins with. */
  String where(String message) {
    for (Map.Entry<String, Integer> at : position.entrySet()) {
      boolean named =
          message.startsWith(at.getKey() + ":")
              || message.contains("argument: " + at.getKey() + " ");
      if (named) {
        return "; at character " + (at.getValue() + 1) + " of " + text;
      }
    }
    return "";
  }

  /** Returns the value of an argument that must be given. */
  String need(String key) {
    known.add(key);
    String value = args.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          key + ": missing in " + text + " (expected: " + key + "=)");
    }
    return value;
  }

  /** Returns the value of an argument, or null. */
  String get(String key) {
    known.add(key);
    return args.get(key);
  }

  /** Returns a word in lower case. */
  String word(String key, String usual) {
    String value = get(key);
    return (value == null ? usual : value).toLowerCase(Locale.ROOT);
  }

  /** Returns an argument that must be given as steps, a percentage being one of the total. */
  long count(String key, long total) {
    return count(key, need(key), total);
  }

  /** Takes a list apart. */
  static String[] pieces(String value) {
    List<String> out = new ArrayList<>();
    for (String piece : value.split("[;|]", -1)) {
      out.add(piece.trim());
    }
    return out.toArray(new String[0]);
  }

  static double[] numbers(String key, String value) {
    String[] pieces = pieces(value);
    double[] out = new double[pieces.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = number(key, pieces[i]);
    }
    return out;
  }

  static double number(String key, String value) {
    try {
      double x = Double.parseDouble(value.trim());
      if (Math.abs(x) <= Double.MAX_VALUE) {
        return x;
      }
    } catch (NumberFormatException e) {
      // said below, together with NaN and infinity
    }
    throw new IllegalArgumentException(key + ": " + value + " (expected: a finite number)");
  }

  /** Reads steps: a whole number, with k or M, or a percentage of the total where one is known. */
  static long count(String key, String value, long total) {
    String digits = value.trim();
    char last = digits.isEmpty() ? 0 : digits.charAt(digits.length() - 1);
    double unit = last == 'k' || last == 'K' ? 1e3 : last == 'M' || last == 'm' ? 1e6 : 1;
    if (last == '%' && total >= 0) {
      unit = total / 100.0;
    }
    String rule = total < 0 ? "whole steps such as 24000 or 24k" : "steps such as 2000, 2k or 20%";
    if (unit != 1 || last == '%') {
      digits = digits.substring(0, digits.length() - 1);
    }
    double steps;
    try {
      steps = last == '%' && total < 0 ? Double.NaN : Double.parseDouble(digits.trim()) * unit;
    } catch (NumberFormatException e) {
      steps = Double.NaN;
    }
    long whole = Math.round(steps);
    boolean exact = last == '%' || Math.abs(steps - whole) < 1e-6;
    if (!(steps >= 0 && steps < 1e15) || !exact) {
      throw new IllegalArgumentException(key + ": " + value + " (expected: " + rule + ")");
    }
    return whole;
  }
}
