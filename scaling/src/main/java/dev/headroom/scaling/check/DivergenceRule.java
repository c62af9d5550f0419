package dev.headroom.scaling.check;

import java.util.Arrays;
import java.util.List;

/**
 * Finds a loss that ends above where it had been.
 *
 * <p>Levels are medians of q neighbouring points, q a twentieth of the log within 1 to 200 (at
 * least 3 from 12 points on). The rule fires where the last level is above the best earlier one by
 * more than {@code relative} and {@code mads} standard errors; the noise of a point is taken from
 * second differences, so that a trend does not count as noise.
 */
final class DivergenceRule implements Rule {
  private static final int FEWEST = 5;

  private static final RuleInfo INFO =
      new RuleInfo(
          "divergence",
          "the loss ends above where it had been",
          "a good run ends near its lowest level; a rise that came back does not count",
          "error; warning where some loss is not above zero, as such a loss is no objective",
          "3 % and 6 standard errors: no public healthy run rises so far, runs that blew up rise by"
              + " a tenth or more; a moving z-score sees neither",
          "runs that blew up found, one line per 100 steps, public healthy runs silent: headroom"
              + " selftest checks",
          List.of(
              Setting.above0("mads", 6, "robust standard errors of the rise"),
              Setting.above0("relative", 0.03, "smallest relative rise")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Level level = subject.level();
    double[] y = level.y();
    int n = y.length;
    if (n < FEWEST) {
      return;
    }
    int q = n < 12 ? 1 + n / 8 : Math.max(3, Math.min(200, n / 20));
    double last = middle(y, n - q, q);
    int stride = Math.max(1, q / 4);
    double best = Double.POSITIVE_INFINITY;
    int at = 0;
    for (int i = 0; i + 2 * q <= n; i += stride) {
      double here = middle(y, i, q);
      if (here < best) {
        best = here;
        at = i;
      }
    }
    // A median of q points has a standard error of 1.2533 sigma / sqrt(q); two of them differ.
    double error = level.noise() * 1.2533 * Math.sqrt(2.0 / q);
    double limit = Math.max(Math.log1p(set.number("relative")), set.number("mads") * error);
    if (last - best <= limit) {
      return;
    }
    out.add(finding(level, at, q));
  }

  private static Finding finding(Level level, int at, int q) {
    int n = level.step().length;
    double from = middle(level.loss(), at, q);
    double to = middle(level.loss(), n - q, q);
    return new Finding(
        INFO.id(),
        level.positive() ? Severity.ERROR : Severity.WARNING,
        level.step()[at + q / 2],
        "loss rose from "
            + Level.number(from)
            + " about step "
            + level.step()[at + q / 2]
            + " to "
            + Level.number(to)
            + " at the end, step "
            + level.step()[n - 1]
            + " ("
            + Level.rise(from, to)
            + "), and did not come back");
  }

  private static double middle(double[] values, int from, int q) {
    return Level.median(Arrays.copyOfRange(values, from, from + q), q);
  }
}
