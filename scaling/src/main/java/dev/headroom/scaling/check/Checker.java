package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;

/** Judges the trajectory of a run. */
public final class Checker {
  private Checker() {}

  /** Applies the rules that the options name. */
  public static Verdict check(Run run, CheckOptions options) {
    throw new UnsupportedOperationException("to come");
  }
}
