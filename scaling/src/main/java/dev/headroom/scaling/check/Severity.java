package dev.headroom.scaling.check;

/** How bad a finding is; by default only an error makes a verdict fail. */
public enum Severity {
  /** Worth knowing. */
  INFO,
  /** Odd, but the run is good. */
  WARNING,
  /** The run is not good. */
  ERROR
}
