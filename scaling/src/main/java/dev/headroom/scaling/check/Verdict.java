package dev.headroom.scaling.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Sums up the findings of a run.
 *
 * @param passed whether no finding makes it fail
 * @param findings findings in order of their step
 */
public record Verdict(boolean passed, List<Finding> findings) {
  /** Copies the findings. */
  public Verdict {
    findings = List.copyOf(findings);
  }

  /** Sorts findings by step and judges them. */
  public static Verdict of(List<Finding> findings, FailOn failOn) {
    List<Finding> sorted = new ArrayList<>(findings);
    sorted.sort(Comparator.comparingLong(Finding::step));
    return new Verdict(failOn.passes(sorted), sorted);
  }
}
