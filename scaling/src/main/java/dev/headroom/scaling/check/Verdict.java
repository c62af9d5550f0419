package dev.headroom.scaling.check;

import java.util.List;

/**
 * Sums up the findings of a run.
 *
 * @param passed whether no finding is an error
 * @param findings findings in order of their step
 */
public record Verdict(boolean passed, List<Finding> findings) {
  /** Copies the findings. */
  public Verdict {
    findings = List.copyOf(findings);
  }
}
