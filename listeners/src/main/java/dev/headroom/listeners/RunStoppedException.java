package dev.headroom.listeners;

import dev.headroom.scaling.check.Finding;
import java.util.List;

/** Ends a run because a rule said so; the update of its step was not made. */
public final class RunStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final long step;
  private final transient List<Finding> findings;

  RunStoppedException(long step, List<Finding> findings) {
    super("stopped at step " + step + ": " + findings.get(0).message());
    this.step = step;
    this.findings = List.copyOf(findings);
  }

  /** Returns the step whose update was not made. */
  public long step() {
    return step;
  }

  /** Returns what was found at this step. */
  public List<Finding> findings() {
    return findings;
  }
}
