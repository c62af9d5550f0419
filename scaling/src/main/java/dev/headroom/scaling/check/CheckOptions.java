package dev.headroom.scaling.check;

import java.util.Set;

/**
 * Sets what {@link Checker} looks for.
 *
 * @param rules ids of the rules to apply, out of {@link #ALL_RULES}
 * @param window points of the trailing window that gives the running level
 * @param spikeMads robust standard deviations above the running level that make a spike
 * @param spikeRelative smallest relative rise of a spike (0.1 = 10 %)
 * @param divergenceMads robust standard deviations of the rise that make a divergence
 * @param divergenceRelative smallest relative rise of a divergence
 * @param bounds bounds of the final loss, none by default
 */
public record CheckOptions(
    Set<String> rules,
    int window,
    double spikeMads,
    double spikeRelative,
    double divergenceMads,
    double divergenceRelative,
    FinalBounds bounds) {

  /** Every rule id. */
  public static final Set<String> ALL_RULES = Set.of("finite", "spike", "divergence", "final");

  /** Checks the ranges and copies the rules. */
  public CheckOptions {
    rules = Set.copyOf(rules);
    for (String rule : rules) {
      if (!ALL_RULES.contains(rule)) {
        throw new IllegalArgumentException(
            "rule: " + rule + " (expected: finite, spike, divergence or final)");
      }
    }
    if (window < 4 || window > 100_000) {
      throw new IllegalArgumentException("window: " + window + " (expected: 4 to 100000 points)");
    }
    positive("spikeMads", spikeMads);
    positive("spikeRelative", spikeRelative);
    positive("divergenceMads", divergenceMads);
    positive("divergenceRelative", divergenceRelative);
  }

  private static void positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: above 0)");
    }
  }

  /** Returns every rule with its default and no bound on the final loss. */
  public static CheckOptions defaults() {
    return new CheckOptions(ALL_RULES, 50, 8, 0.1, 6, 0.03, FinalBounds.none());
  }

  /** Returns these options with other rules. */
  public CheckOptions withRules(Set<String> ids) {
    return new CheckOptions(
        ids, window, spikeMads, spikeRelative, divergenceMads, divergenceRelative, bounds);
  }

  /** Returns these options with another window. */
  public CheckOptions withWindow(int points) {
    return new CheckOptions(
        rules, points, spikeMads, spikeRelative, divergenceMads, divergenceRelative, bounds);
  }

  /** Returns these options with other limits of the spike rule. */
  public CheckOptions withSpike(double mads, double relative) {
    return new CheckOptions(
        rules, window, mads, relative, divergenceMads, divergenceRelative, bounds);
  }

  /** Returns these options with other limits of the divergence rule. */
  public CheckOptions withDivergence(double mads, double relative) {
    return new CheckOptions(rules, window, spikeMads, spikeRelative, mads, relative, bounds);
  }

  /** Returns these options with bounds of the final loss. */
  public CheckOptions withBounds(FinalBounds limits) {
    return new CheckOptions(
        rules, window, spikeMads, spikeRelative, divergenceMads, divergenceRelative, limits);
  }
}
