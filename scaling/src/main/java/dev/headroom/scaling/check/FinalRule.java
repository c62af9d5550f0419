package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.List;

/** Compares the loss at the end, or at a given place, with the bounds that were asked for. */
final class FinalRule {
  private FinalRule() {}

  static void apply(Run run, FinalBounds bounds, List<Finding> out) {
    long[] step = run.step();
    int at = place(run, bounds);
    if (at < 0) {
      String aim = bounds.atStep() > 0 ? "step " + bounds.atStep() : bounds.atTokens() + " tokens";
      long end = step[step.length - 1];
      out.add(
          new Finding(
              "final", Severity.ERROR, end, "the run ends at step " + end + ", before " + aim));
      return;
    }
    double loss = run.loss()[at];
    judge(step[at], "loss", loss, bounds.maxLoss(), out);
    judge(step[at], "perplexity", Math.exp(loss), bounds.maxPerplexity(), out);
  }

  private static void judge(long step, String what, double value, double bound, List<Finding> out) {
    if (Double.isNaN(bound) || value <= bound) {
      return;
    }
    out.add(
        new Finding(
            "final",
            Severity.ERROR,
            step,
            what
                + " "
                + Level.number(value)
                + " at step "
                + step
                + " is above the bound of "
                + Level.number(bound)));
  }

  /** Returns the first row at or after the place asked for, or -1 if the run does not get there. */
  private static int place(Run run, FinalBounds bounds) {
    int n = run.size();
    if (bounds.atStep() == 0 && bounds.atTokens() == 0) {
      return n - 1;
    }
    double[] tokens = run.columns().get("tokens");
    if (bounds.atTokens() > 0 && tokens == null) {
      throw new IllegalArgumentException(
          "atTokens: "
              + bounds.atTokens()
              + " (expected: a log with a tokens column; map it with"
              + " tokens=COLUMN)");
    }
    long[] step = run.step();
    for (int i = 0; i < n; i++) {
      if (bounds.atStep() > 0 ? step[i] >= bounds.atStep() : tokens[i] >= bounds.atTokens()) {
        return i;
      }
    }
    return -1;
  }
}
