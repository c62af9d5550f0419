package dev.headroom.scaling.check.baseline;

import dev.headroom.scaling.fit.internal.StudentT;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Puts a judgement into numbers and words. */
record BaselineMessage(
    Trajectories all,
    Reference reference,
    BaselineComparison.Judgement judgement,
    BaselineSettings settings,
    double allowed) {

  static String percent(double size) {
    return String.format(Locale.ROOT, "%.3g %%", 100 * size);
  }

  private static String signed(double size) {
    return String.format(Locale.ROOT, "%+.3g %%", 100 * size);
  }

  /**
   * Returns the comparison.
   *
   * @param lastStep the run's step at the last place compared
   * @param end what the message ends with
   * @param notes what had to be left out or taken for granted
   */
  Comparison comparison(long lastStep, String end, List<String> notes) {
    boolean different =
        judgement.outcome() == Outcome.WORSE || judgement.outcome() == Outcome.BETTER;
    int look = different ? judgement.evidence().look() : 0;
    double score = judgement.scores()[look];
    double half =
        StudentT.upperQuantile(0.025, reference.degrees())
            * reference.deviation(look, reference.golden());
    String shape = shape(look);
    double size = Math.expm1(score);
    double low = Math.expm1(score - half);
    double high = Math.expm1(score + half);
    return new Comparison(
        judgement.outcome(),
        size,
        low,
        high,
        shape,
        judgement.evidence().p(),
        reference.golden(),
        reference.degrees(),
        all.points(),
        reference.effectiveParts(),
        reference.looks().count(),
        reference.effectiveLooks(),
        Math.expm1(judgement.detectable()),
        judgement.more(),
        lastStep,
        message(shape, signed(size), signed(low) + " to " + signed(high)) + end,
        notes);
  }

  private String shape(int look) {
    if (reference.looks().kind()[look] == Looks.GROWING) {
      return "growing to its end";
    }
    double onset = reference.looks().onset(look);
    int first = 0;
    while (all.place()[first] <= onset) {
      first++;
    }
    if (first == 0) {
      return "over the whole run";
    }
    return String.format(
        Locale.ROOT, "from about %s %.0f on", settings.axis().word(), all.axis()[first - 1]);
  }

  private String message(String shape, String size, String interval) {
    int k = reference.golden();
    String beside =
        " ("
            + interval
            + "), beside "
            + (k == 1 ? "one golden run" : k + " golden runs")
            + " at "
            + all.points()
            + (all.points() == 1 ? " common point" : " common points");
    String one =
        k > 1
            ? ""
            : "; one golden run shows no spread: the tolerance is that of public repeats and of the"
                + " noise of the two runs' difference";
    String limits =
        "; a difference of "
            + percent(Math.expm1(judgement.detectable()))
            + " would be found 4 times in 5";
    switch (judgement.outcome()) {
      case WORSE:
        return "loss is worse by " + size + " " + shape + beside + inside() + one;
      case BETTER:
        return "loss is better: " + size + " " + shape + beside + inside() + one;
      case EQUIVALENT:
        return "loss is equivalent within "
            + percent(Math.max(settings.margin(), Math.expm1(allowed)))
            + ": "
            + size
            + beside
            + one;
      default:
        return "cannot tell: " + size + beside + limits + "; " + more() + one;
    }
  }

  private String inside() {
    boolean small =
        Math.abs(judgement.scores()[judgement.evidence().look()]) < Math.log1p(settings.margin());
    return small
        ? "; more than repeats differ, though less than the margin of " + percent(settings.margin())
        : "";
  }

  private String more() {
    if (judgement.more() < 0) {
      return "no number of golden runs would settle it, single runs spread too much: repeat this run,"
          + " or allow a wider margin";
    }
    return judgement.more()
        + (judgement.more() == 1 ? " more golden run" : " more golden runs")
        + " would settle it if the spread stays as it is";
  }

  /** Returns a comparison turned to worse, with another message and without a size. */
  static Comparison worse(Comparison c, long step, String message) {
    return new Comparison(
        Outcome.WORSE,
        Double.NaN,
        Double.NaN,
        Double.NaN,
        c.shape(),
        0,
        c.goldenRuns(),
        c.degrees(),
        c.points(),
        c.effectiveParts(),
        c.looks(),
        c.effectiveLooks(),
        c.detectable(),
        0,
        step,
        message,
        c.notes());
  }

  /** Returns a comparison of a run that has nothing finite to compare. */
  static Comparison worse(int golden, long step, String message, List<String> notes) {
    double[] none = new double[6];
    Arrays.fill(none, Double.NaN);
    return new Comparison(
        Outcome.WORSE,
        none[0],
        none[1],
        none[2],
        "over the whole run",
        0,
        golden,
        none[3],
        0,
        none[4],
        0,
        none[5],
        Double.NaN,
        0,
        step,
        message,
        notes);
  }
}
