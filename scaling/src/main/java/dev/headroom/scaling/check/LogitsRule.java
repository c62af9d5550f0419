package dev.headroom.scaling.check;

import java.util.List;

/**
 * Finds a drift of the log-sum-exp or of the largest logit of the head: the early warning of
 * output-logit divergence (Wortsman et al. 2023, arXiv 2309.14322).
 *
 * <p>The reference is the median of the second quarter of the run. The rule fires where the level
 * goes on away from it over the last quarters and ends further than {@code drift} from it, and
 * {@code mads} robust spreads of the reference.
 */
final class LogitsRule implements Rule {
  private static final int FEWEST = 40;
  private static final double TO_SIGMA = 1.4826;

  private static final RuleInfo INFO =
      new RuleInfo(
          "logits",
          "the log-sum-exp (z) or the largest logit drifts away",
          "columns lse or max_logit, as the head's own outputs give them, in nats",
          "warning, error beyond three times the drift",
          "a stable head keeps z within a few nats; without z-loss it may wander by some, but not"
              + " away from where it was at an ever faster pace",
          "drifts of known size put into logs of our own head: CheckerTest",
          List.of(
              Setting.above0("drift", 10, "nats away from the second quarter of the run"),
              Setting.above0("mads", 8, "robust standard deviations away")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    one(subject.series("lse"), "log-sum-exp", set, out);
    one(subject.series("max_logit"), "largest logit", set, out);
  }

  private static void one(Series series, String what, RuleSettings set, List<Finding> out) {
    int n = series.size();
    if (n < FEWEST) {
      return;
    }
    double from = series.median(n / 4, n / 2);
    double[] off = new double[n / 2 - n / 4];
    for (int i = 0; i < off.length; i++) {
      off[i] = Math.abs(series.value()[n / 4 + i] - from);
    }
    double sigma = TO_SIGMA * Level.median(off, off.length);
    double third = series.median(n / 2, 3 * n / 4) - from;
    double last = series.median(3 * n / 4, n) - from;
    double end = series.last() - from;
    boolean away = third * end >= 0 && Math.abs(last) >= Math.abs(third);
    double limit = set.number("drift");
    if (away && Math.abs(end) > limit && Math.abs(end) > set.number("mads") * sigma) {
      int at = n / 2;
      while (at < n - 1 && Math.abs(series.value()[at] - from) <= limit) {
        at++;
      }
      out.add(
          new Finding(
              INFO.id(),
              Math.abs(end) > 3 * limit ? Severity.ERROR : Severity.WARNING,
              series.step()[at],
              what
                  + " drifts from "
                  + Level.number(from)
                  + " to "
                  + Level.number(from + end)
                  + " at the end and goes on"));
    }
  }
}
