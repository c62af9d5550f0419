package dev.headroom.scaling.check;

import java.util.Arrays;
import java.util.List;

/**
 * Finds a loss that ends above where it had been.
 *
 * <p>Levels are medians of q neighbouring points, q a twentieth of the log within 1 to 200 (at
 * least 3 from 12 points on). The rule fires where the last level is above the best earlier one by
 * more than {@code divergenceRelative} and {@code divergenceMads} standard errors; the noise of a
 * point is taken from second differences, so that a trend does not count as noise.
 */
final class DivergenceRule {
  private static final int FEWEST = 5;

  private DivergenceRule() {}

  static void apply(Level level, CheckOptions options, List<Finding> out) {
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
    double error = noise(y) * 1.2533 * Math.sqrt(2.0 / q);
    double limit =
        Math.max(Math.log1p(options.divergenceRelative()), options.divergenceMads() * error);
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
        "divergence",
        Severity.ERROR,
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

  private static double noise(double[] y) {
    double[] second = new double[y.length - 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = Math.abs(y[i] - 2 * y[i + 1] + y[i + 2]);
    }
    return 1.4826 * Level.median(second, second.length) / Math.sqrt(6);
  }
}
