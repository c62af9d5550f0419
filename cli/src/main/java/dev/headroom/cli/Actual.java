package dev.headroom.cli;

import dev.headroom.scaling.log.Run;

/** Finds what a log says about a step that was forecast from its beginning. */
final class Actual {

  private Actual() {}

  /**
   * Returns the loss logged last at or within half a percent before a step, or NaN where the log
   * ends earlier or the forecast had seen it.
   */
  static double near(Run whole, long step, long lastSeen) {
    Run at = whole.between(Math.max(lastSeen + 1, step - step / 200), step);
    return at.size() == 0 ? Double.NaN : at.loss()[at.size() - 1];
  }
}
