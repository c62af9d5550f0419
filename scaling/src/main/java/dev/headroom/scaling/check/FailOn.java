package dev.headroom.scaling.check;

import java.util.List;

/** What makes a verdict fail. */
public enum FailOn {
  /** Any error. */
  ERROR,
  /** Any error or warning. */
  WARNING,
  /** Nothing: findings are only reported. */
  NEVER;

  /** Says whether a run with these findings passes. */
  public boolean passes(List<Finding> findings) {
    for (Finding finding : findings) {
      boolean bad =
          finding.severity() == Severity.ERROR
              || (this == WARNING && finding.severity() == Severity.WARNING);
      if (bad && this != NEVER) {
        return false;
      }
    }
    return true;
  }
}
