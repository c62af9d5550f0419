package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.log.Run;
import java.util.Arrays;
import java.util.Locale;

/** What golden runs and the run are set side by side by. */
public enum Axis {
  /** Optimiser steps. */
  STEP,
  /** Tokens seen. */
  TOKENS;

  /** Returns the axis in lower case, for messages. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  double[] of(Run run) {
    if (this == STEP) {
      return Arrays.stream(run.step()).asDoubleStream().toArray();
    }
    double[] tokens = run.columns().get("tokens");
    if (tokens == null) {
      throw new IllegalArgumentException(
          "axis: tokens, but "
              + run.name()
              + " has no tokens column (expected: one; map it with tokens=COLUMN)");
    }
    return tokens;
  }
}
