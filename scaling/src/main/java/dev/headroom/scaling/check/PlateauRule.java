package dev.headroom.scaling.check;

import java.util.Arrays;
import java.util.List;

/**
 * Finds a loss that stopped falling where its own first half says that it should go on.
 *
 * <p>The log of the loss, as medians of 60 blocks after the first twentieth, is fitted over its
 * first half by {@code E + A x^-a} (a from .05 to 1, E and A by least squares). The rule fires
 * where that law expects a fall until the end, of at least {@code relative} and four standard
 * errors, and less than {@code progress} of it came.
 */
final class PlateauRule implements Rule {
  private static final int BLOCKS = 60;
  private static final int HALF = BLOCKS / 2;
  private static final int ENDS = 5;

  private static final RuleInfo INFO =
      new RuleInfo(
          "plateau",
          "no progress beyond noise where the law of the run's first half expects some",
          "the loss is above zero and falls by a power law with a floor; 200 points or more",
          "warning",
          "a law with a floor expects little where a run saturates, so that only a sudden end of"
              + " progress is left",
          "public healthy runs silent, flat second halves put into them found: headroom selftest"
              + " checks",
          List.of(
              Setting.share("progress", 0.1, "share of the expected fall that is progress"),
              Setting.above0("relative", 0.01, "smallest expected relative fall")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Level level = subject.level();
    int n = level.y().length;
    if (!level.positive() || n < 200) {
      return;
    }
    int skip = n / 20;
    Series late =
        new Series(
            Arrays.copyOfRange(level.step(), skip, n), Arrays.copyOfRange(level.y(), skip, n));
    double[] y = late.blocks(BLOCKS);
    double[] x = new double[BLOCKS];
    for (int b = 0; b < BLOCKS; b++) {
      x[b] = Math.max(1, late.step()[(int) ((2L * b + 1) * late.size() / (2 * BLOCKS))]);
    }
    PowerFit law = PowerFit.of(x, y, HALF);
    double expected = law.at(mean(x, HALF - ENDS, HALF)) - law.at(mean(x, BLOCKS - ENDS, BLOCKS));
    double came = mean(y, HALF - ENDS, HALF) - mean(y, BLOCKS - ENDS, BLOCKS);
    double noise = Math.max(law.spread(), level.noise() / Math.sqrt((double) n / BLOCKS));
    double error = noise * Math.sqrt(2.0 / ENDS);
    boolean foreseen = expected > Math.max(Math.log1p(set.number("relative")), 4 * error);
    if (foreseen && came < set.number("progress") * expected && expected - came > 4 * error) {
      long from = late.step()[late.size() / 2];
      out.add(
          new Finding(
              INFO.id(),
              Severity.WARNING,
              from,
              "no progress since step "
                  + from
                  + ": the law of the first half expects a fall of "
                  + Level.number(100 * -Math.expm1(-expected))
                  + " % until the end, "
                  + Level.number(100 * -Math.expm1(-came))
                  + " % came"));
    }
  }

  private static double mean(double[] values, int from, int to) {
    return Arrays.stream(values, from, to).average().orElseThrow();
  }
}
