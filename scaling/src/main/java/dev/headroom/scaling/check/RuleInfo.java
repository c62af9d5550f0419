package dev.headroom.scaling.check;

import java.util.List;

/**
 * Documents a rule: the one declaration from which flags, rules file, explanation and docs come.
 *
 * @param id its name
 * @param finds what it fires on, in one line
 * @param assumes what it takes for granted about the log
 * @param severities which finding has which severity
 * @param why why the defaults are what they are
 * @param measured how they were measured
 * @param settings what can be set
 */
public record RuleInfo(
    String id,
    String finds,
    String assumes,
    String severities,
    String why,
    String measured,
    List<Setting> settings) {

  /** Copies the settings. */
  public RuleInfo {
    settings = List.copyOf(settings);
  }

  /**
   * Returns a setting by its name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Setting setting(String name) {
    for (Setting setting : settings) {
      if (setting.name().equals(name)) {
        return setting;
      }
    }
    List<String> names = settings.stream().map(Setting::name).toList();
    throw new IllegalArgumentException(
        id
            + "."
            + name
            + ": no such setting (expected: "
            + (names.isEmpty() ? "severity, the rule's only one" : String.join(", ", names))
            + (names.isEmpty() ? ")" : " or severity)"));
  }
}
