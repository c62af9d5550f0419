package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges the trajectory of a run by the rules of {@link Rules}.
 *
 * <p>A rule whose column the log does not have says nothing. Time: O(n log w) for n rows and a
 * window of w; a million rows take well under a second (measured by {@code CheckBenchmark}).
 */
public final class Checker {
  private Checker() {}

  /**
   * Applies the rules that the options name.
   *
   * @throws IllegalArgumentException if the run has no rows, or a setting asks for a column that
   *     the log does not have
   */
  public static Verdict check(Run run, CheckOptions options) {
    if (run.size() == 0) {
      throw new IllegalArgumentException("run: no rows (expected: at least one)");
    }
    Subject subject = Subject.of(run);
    List<Finding> found = new ArrayList<>();
    for (Rule rule : Rules.ALL) {
      if (options.rules().contains(rule.info().id())) {
        rule.apply(subject, new RuleSettings(rule.info(), options.values()), found);
      }
    }
    List<Finding> graded = new ArrayList<>();
    found.forEach(f -> graded.add(options.graded(f)));
    return Verdict.of(graded, options.failOn());
  }
}
