package dev.headroom.scaling.check;

import java.util.Locale;

/** How bad a finding is; by default only an error makes a verdict fail. */
public enum Severity {
  /** Worth knowing. */
  INFO,
  /** Odd, but the run is good. */
  WARNING,
  /** The run is not good. */
  ERROR;

  /** Returns the word for it: info, warning or error. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
