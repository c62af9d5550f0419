package dev.headroom.scaling.check;

import java.util.Map;

/** Sets of settings for kinds of runs. */
public enum Profile {
  /** The defaults: long runs whose loss falls by a law. */
  PRETRAINING("every rule at its default", Map.of(), Map.of()),

  /** Runs over a few epochs of a small set. */
  FINE_TUNING(
      "single batches differ widely and the loss steps down at epochs: spikes must be larger, a"
          + " rise larger to be a divergence",
      Map.of(
          "spike.mads", 12.0,
          "spike.relative", 0.5,
          "divergence.mads", 8.0,
          "divergence.relative", 0.25),
      Map.of()),

  /** Runs of about a hundred steps in CI. */
  SMOKE(
      "a run of some hundred steps: the loss must have fallen by 1 %, and nothing is said that"
          + " needs a long log",
      Map.of(
          "final.min_fall", 0.01,
          "spike.relative", 0.3,
          "divergence.relative", 0.1),
      Map.of());

  private final String says;
  private final Map<String, Object> values;
  private final Map<String, String> severities;

  Profile(String says, Map<String, Object> values, Map<String, String> severities) {
    this.says = says;
    this.values = values;
    this.severities = severities;
  }

  /** Returns what it is for. */
  public String says() {
    return says;
  }

  /** Returns the settings that differ from the defaults, by {@code rule.setting}. */
  public Map<String, Object> settings() {
    return values;
  }

  /** Returns the rules that have another severity, or are off. */
  public Map<String, String> severities() {
    return severities;
  }

  /** Returns its name as the command line takes it. */
  public String id() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns a profile by its name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Profile named(String id) {
    for (Profile profile : values()) {
      if (profile.id().equals(id)) {
        return profile;
      }
    }
    throw new IllegalArgumentException(
        "profile: " + id + " (expected: pretraining, fine-tuning or smoke)");
  }
}
