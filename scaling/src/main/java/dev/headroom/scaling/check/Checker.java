package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Judges the trajectory of a run by the rules finite, spike, divergence and final.
 *
 * <p>{@code finite}: a NaN or infinite loss is an error; such a gradient norm is one unless it
 * comes back (skipped steps of loss scaling), then a warning. {@code spike}: see {@link SpikeRule};
 * a warning if the loss came back, else an error. {@code divergence}: see {@link DivergenceRule};
 * an error. {@code final}: fires only where a bound was given. Time: linear in the rows, times the
 * window where the loss is above it.
 */
public final class Checker {
  private Checker() {}

  /**
   * Applies the rules that the options name.
   *
   * @throws IllegalArgumentException if the run has no rows, or a bound in tokens is asked of a log
   *     without tokens
   */
  public static Verdict check(Run run, CheckOptions options) {
    if (run.size() == 0) {
      throw new IllegalArgumentException("run: no rows (expected: at least one)");
    }
    List<Finding> out = new ArrayList<>();
    Level level = Level.of(run);
    if (options.rules().contains("finite")) {
      FiniteRule.apply(run, out);
    }
    if (options.rules().contains("spike")) {
      new SpikeRule(level, options).apply(out);
    }
    if (options.rules().contains("divergence")) {
      DivergenceRule.apply(level, options, out);
    }
    if (options.rules().contains("final") && options.bounds().asked()) {
      FinalRule.apply(run, options.bounds(), out);
    }
    out.sort(Comparator.comparingLong(Finding::step));
    boolean passed = true;
    for (Finding finding : out) {
      passed &= finding.severity() != Severity.ERROR;
    }
    return new Verdict(passed, out);
  }
}
