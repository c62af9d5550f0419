package dev.headroom.scaling.check.trial;

import dev.headroom.scaling.log.Run;
import java.util.Set;

/**
 * Holds a run with a known fault.
 *
 * @param run the run
 * @param what the fault, in words
 * @param rules rules of which one must find it
 * @param from first step at which it may be found
 * @param to last step at which it may begin
 */
public record LabelledRun(Run run, String what, Set<String> rules, long from, long to) {
  /** Copies the rules. */
  public LabelledRun {
    rules = Set.copyOf(rules);
  }
}
