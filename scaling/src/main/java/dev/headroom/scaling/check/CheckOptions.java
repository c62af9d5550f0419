package dev.headroom.scaling.check;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Sets what {@link Checker} looks for.
 *
 * <p>A setting is named by its rule and its own name, {@code spike.mads}; {@link Rules#infos()}
 * lists them all with their ranges. {@code RULE.severity} is {@code off}, {@code info}, {@code
 * warning} or {@code error}: every warning and error of the rule then counts as that.
 *
 * @param rules ids of the rules to apply
 * @param values settings that differ from the defaults, by {@code rule.setting}
 * @param severities severities given to rules
 * @param failOn what makes the verdict fail
 */
public record CheckOptions(
    Set<String> rules,
    Map<String, Object> values,
    Map<String, Severity> severities,
    FailOn failOn) {

  /** Checks the names and copies. */
  public CheckOptions {
    rules.forEach(Rules::info);
    rules = Collections.unmodifiableSet(new LinkedHashSet<>(rules));
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    severities = Collections.unmodifiableMap(new LinkedHashMap<>(severities));
  }

  /** Returns every rule with its defaults. */
  public static CheckOptions defaults() {
    return new CheckOptions(Rules.ids(), Map.of(), Map.of(), FailOn.ERROR);
  }

  /** Returns the options of a profile. */
  public static CheckOptions of(Profile profile) {
    CheckOptions out = new CheckOptions(Rules.ids(), profile.settings(), Map.of(), FailOn.ERROR);
    for (Map.Entry<String, String> e : profile.severities().entrySet()) {
      out = out.with(e.getKey() + ".severity", e.getValue());
    }
    return out;
  }

  /** Returns these options with these rules only. */
  public CheckOptions only(Set<String> ids) {
    return new CheckOptions(ids, values, severities, failOn);
  }

  /** Returns these options with another condition of failure. */
  public CheckOptions failingOn(FailOn when) {
    return new CheckOptions(rules, values, severities, when);
  }

  /**
   * Returns these options with one more setting.
   *
   * @param name rule and setting, such as {@code spike.mads}, or {@code spike.severity}
   * @param value the value as text
   * @throws IllegalArgumentException if there is no such setting or the value breaks its rule
   */
  public CheckOptions with(String name, String value) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      throw new IllegalArgumentException(
          "setting: " + name + " (expected: RULE.NAME, such as spike.mads)");
    }
    String rule = name.substring(0, dot);
    RuleInfo info = Rules.info(rule);
    String own = name.substring(dot + 1);
    if (own.equals("severity")) {
      return withSeverity(rule, value);
    }
    Map<String, Object> more = new LinkedHashMap<>(values);
    more.put(name, info.setting(own).read(rule, value));
    return new CheckOptions(rules, more, severities, failOn);
  }

  /** Returns these options with one more number. */
  public CheckOptions with(String name, double value) {
    return with(name, Double.toString(value));
  }

  /**
   * Returns these options without a rule.
   *
   * @throws IllegalArgumentException if there is no such rule
   */
  public CheckOptions without(String rule) {
    return with(rule + ".severity", "off");
  }

  /** Says whether a rule is on. */
  public boolean has(String rule) {
    return rules.contains(rule);
  }

  /**
   * Returns the number that a setting has here, its default where it was not given, NaN for none.
   *
   * @param name rule and setting, such as {@code spike.mads}
   * @throws IllegalArgumentException if there is no such setting
   */
  public double number(String name) {
    return (Double) value(name);
  }

  /**
   * Returns the text that a setting has here, its default where it was not given.
   *
   * @param name rule and setting, such as {@code baseline.by}
   * @throws IllegalArgumentException if there is no such setting
   */
  public String text(String name) {
    return (String) value(name);
  }

  private Object value(String name) {
    int dot = name.indexOf('.');
    Setting setting = Rules.info(name.substring(0, dot)).setting(name.substring(dot + 1));
    return values.getOrDefault(name, setting.standard());
  }

  private CheckOptions withSeverity(String rule, String value) {
    Set<String> on = new LinkedHashSet<>(rules);
    Map<String, Severity> given = new LinkedHashMap<>(severities);
    if (value.equals("off")) {
      on.remove(rule);
      return new CheckOptions(on, values, given, failOn);
    }
    if (!List.of("info", "warning", "error").contains(value)) {
      throw new IllegalArgumentException(
          rule + ".severity: " + value + " (expected: off, info, warning or error)");
    }
    on.add(rule);
    given.put(rule, Severity.valueOf(value.toUpperCase(Locale.ROOT)));
    return new CheckOptions(on, values, given, failOn);
  }

  /** Returns a finding with the severity that its rule was given. */
  public Finding graded(Finding finding) {
    Severity given = severities.get(finding.rule());
    return given == null || finding.severity() == Severity.INFO
        ? finding
        : new Finding(finding.rule(), given, finding.step(), finding.message());
  }
}
