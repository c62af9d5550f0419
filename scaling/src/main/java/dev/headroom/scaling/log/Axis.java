package dev.headroom.scaling.log;

import java.util.Arrays;
import java.util.Locale;

/** What runs are set side by side by. */
public enum Axis {
  /** Optimiser steps. */
  STEP,
  /** Tokens seen. */
  TOKENS;

  /** Returns the axis in lower case, as rules files and messages have it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns an axis by its word.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Axis named(String word) {
    for (Axis axis : values()) {
      if (axis.word().equals(word)) {
        return axis;
      }
    }
    throw new IllegalArgumentException("axis: " + word + " (expected: step or tokens)");
  }

  /**
   * Returns the place of every row of a run.
   *
   * @throws IllegalArgumentException if the run has no such column
   */
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
