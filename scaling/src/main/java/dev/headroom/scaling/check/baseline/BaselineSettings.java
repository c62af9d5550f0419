package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.check.CheckOptions;
import dev.headroom.scaling.log.Axis;

/**
 * Sets how a run is compared with golden runs.
 *
 * @param alpha chance that a healthy repeat is called different; two thirds of it for worse, one
 *     third for better
 * @param margin relative difference that does not matter (0.005 = 0.5 %), for equivalence
 * @param hardwareMargin relative difference that other hardware may make, used where no golden run
 *     is of the run's hardware class
 * @param axis what the runs are paired by
 * @param hardware hardware class of the run, empty for not stated
 */
public record BaselineSettings(
    double alpha, double margin, double hardwareMargin, Axis axis, String hardware) {

  /** Checks the ranges. */
  public BaselineSettings {
    if (!(alpha > 0 && alpha <= 0.2)) {
      throw new IllegalArgumentException("alpha: " + alpha + " (expected: above 0, at most 0.2)");
    }
    share("margin", margin);
    share("hardware margin", hardwareMargin);
  }

  private static void share(String name, double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: a share between 0 and 1; 0.005 is half a per cent)");
    }
  }

  /**
   * Returns the defaults: alpha 0.01, margins of 0.5 %, paired by step. On the golden values that
   * Megatron-LM keeps for several GPUs of one software stack, levels differ by up to 0.28 %.
   */
  public static BaselineSettings defaults() {
    return of(CheckOptions.defaults(), "");
  }

  /**
   * Returns what options say of the rule {@code baseline}.
   *
   * @param options options of a check
   * @param hardware hardware class of the run, empty for not stated
   */
  public static BaselineSettings of(CheckOptions options, String hardware) {
    return new BaselineSettings(
        options.number("baseline.alpha"),
        options.number("baseline.margin"),
        options.number("baseline.hardware_margin"),
        Axis.named(options.text("baseline.by")),
        hardware);
  }

  double worseAlpha() {
    return alpha * 2 / 3;
  }

  double betterAlpha() {
    return alpha / 3;
  }
}
