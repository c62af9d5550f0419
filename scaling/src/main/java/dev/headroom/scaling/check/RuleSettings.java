package dev.headroom.scaling.check;

import java.util.Map;

/** The values of one rule's settings. */
record RuleSettings(RuleInfo rule, Map<String, Object> values) {

  /** Returns a number, NaN where it was not given. */
  double number(String name) {
    return (Double) values.getOrDefault(rule.id() + "." + name, rule.setting(name).standard());
  }

  /** Returns a whole number that always has a value. */
  int whole(String name) {
    return (int) number(name);
  }

  /** Says whether a number without a default was given. */
  boolean given(String name) {
    return !Double.isNaN(number(name));
  }

  /** Returns a text, "" where it was not given. */
  String text(String name) {
    return (String) values.getOrDefault(rule.id() + "." + name, rule.setting(name).standard());
  }
}
