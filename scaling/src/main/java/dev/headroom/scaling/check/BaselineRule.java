package dev.headroom.scaling.check;

import java.util.List;

/**
 * Declares the comparison with golden runs. {@link Checker} has none and does not apply it: {@link
 * dev.headroom.scaling.check.baseline.BaselineComparison} does.
 */
public final class BaselineRule {
  /** Its name. */
  public static final String ID = "baseline";

  static final RuleInfo INFO =
      new RuleInfo(
          ID,
          "the loss is worse than that of the golden runs by more than repeats differ",
          "golden runs of the same configuration, whose log losses differ by near-normal amounts;"
              + " with one golden run the tolerance is that of public repeats. Without golden runs"
              + " it says nothing",
          "error where worse; warning where it cannot tell; better and equivalent are told as info",
          "repeats of six public configurations end 0.03 to 0.12 % apart, other hardware 0.28 %;"
              + " alpha is for all looks at a run together",
          "healthy repeats called different, regressions of 0.1 to 5 % found: headroom selftest"
              + " checks",
          List.of(
              share(
                  "margin",
                  0.005,
                  "difference that does not matter, for equivalence; 0.005 is 0.5 %"),
              share("alpha", 0.01, "share of healthy repeats that may be called different"),
              share(
                  "hardware_margin",
                  0.005,
                  "difference that other hardware may make, where no golden run is of the run's"),
              Setting.axis("by", "pairs the runs at equal step or at equal tokens")));

  private BaselineRule() {}

  /** A margin of 0.5 is 0.5 % meant, not half of the loss: so the range ends well below. */
  private static Setting share(String name, double standard, String says) {
    return Setting.number(name, standard, Double.MIN_VALUE, 0.2, says);
  }
}
