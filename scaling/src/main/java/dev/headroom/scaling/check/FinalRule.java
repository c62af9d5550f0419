package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;
import java.util.List;

/** Compares the loss at the end, or at a given place, with the bounds that were asked for. */
final class FinalRule implements Rule {
  private static final double MANY = 1e15;

  private static final RuleInfo INFO =
      new RuleInfo(
          "final",
          "the last loss (or that at a given step or tokens) breaks a bound",
          "nothing: it fires only where a bound was given",
          "error",
          "only you know what is good enough",
          "by construction",
          List.of(
              Setting.above0("max_loss", Double.NaN, "highest loss at the end, nats per token"),
              Setting.number(
                  "max_perplexity",
                  Double.NaN,
                  1,
                  Double.MAX_VALUE,
                  "highest perplexity at the end"),
              Setting.above0("max_best", Double.NaN, "highest value of the lowest loss of the run"),
              Setting.number(
                  "min_fall", Double.NaN, 0, 1, "smallest relative fall from the first level"),
              Setting.whole(
                  "at_step", Double.NaN, 1, (long) MANY, "judge at this step, not the last"),
              Setting.whole(
                  "at_tokens", Double.NaN, 1, (long) MANY, "judge at these tokens, not the end")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    if (set.given("at_step") && set.given("at_tokens")) {
      throw new IllegalArgumentException(
          "final.at_step, final.at_tokens: both given (expected: one of them)");
    }
    best(subject, set, out);
    fall(subject, set, out);
    if (!set.given("max_loss") && !set.given("max_perplexity")) {
      return;
    }
    Run run = subject.run();
    int at = place(run, set);
    if (at < 0) {
      String aim =
          set.given("at_step")
              ? "step " + Setting.text(set.number("at_step"))
              : Setting.text(set.number("at_tokens")) + " tokens";
      long end = run.step()[run.size() - 1];
      out.add(error(end, "the run ends at step " + end + ", before " + aim));
      return;
    }
    double loss = run.loss()[at];
    judge(run.step()[at], "loss", loss, set.number("max_loss"), out);
    judge(run.step()[at], "perplexity", Math.exp(loss), set.number("max_perplexity"), out);
  }

  private static Finding error(long step, String text) {
    return new Finding(INFO.id(), Severity.ERROR, step, text);
  }

  private static void best(Subject subject, RuleSettings set, List<Finding> out) {
    Level level = subject.level();
    if (!set.given("max_best") || level.loss().length == 0) {
      return;
    }
    int best = 0;
    for (int i = 1; i < level.loss().length; i++) {
      best = level.loss()[i] < level.loss()[best] ? i : best;
    }
    judge(level.step()[best], "best loss", level.loss()[best], set.number("max_best"), out);
  }

  private static void fall(Subject subject, RuleSettings set, List<Finding> out) {
    Series loss = subject.series("loss");
    if (!set.given("min_fall") || loss.size() < 2) {
      return;
    }
    int few = Math.min(5, loss.size() / 2);
    double from = loss.median(0, few);
    double to = loss.median(loss.size() - few, loss.size());
    double fall = (from - to) / Math.abs(from);
    if (!(fall >= set.number("min_fall"))) {
      out.add(
          error(
              loss.lastStep(),
              "loss went from "
                  + Level.number(from)
                  + " to "
                  + Level.number(to)
                  + " only; a fall of "
                  + Level.number(100 * set.number("min_fall"))
                  + " % was asked for"));
    }
  }

  private static void judge(long step, String what, double value, double bound, List<Finding> out) {
    if (!Double.isNaN(bound) && !(value <= bound)) {
      out.add(
          error(
              step,
              what
                  + " "
                  + Level.number(value)
                  + " at step "
                  + step
                  + " is above the bound of "
                  + Level.number(bound)));
    }
  }

  /** Returns the first row at or after the place asked for, or -1 if the run does not get there. */
  private static int place(Run run, RuleSettings set) {
    int n = run.size();
    boolean byStep = set.given("at_step");
    if (!byStep && !set.given("at_tokens")) {
      while (n > 1 && Run.isAbsent(run.loss()[n - 1])) {
        n--;
      }
      return n - 1;
    }
    double[] tokens = run.columns().get("tokens");
    if (!byStep && tokens == null) {
      throw new IllegalArgumentException(
          "final.at_tokens: "
              + Setting.text(set.number("at_tokens"))
              + " (expected: a log with a tokens column; map it with tokens=COLUMN)");
    }
    double aim = set.number(byStep ? "at_step" : "at_tokens");
    for (int i = 0; i < n; i++) {
      if (byStep ? run.step()[i] >= aim : tokens[i] >= aim) {
        return i;
      }
    }
    return -1;
  }
}
