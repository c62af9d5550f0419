package dev.headroom.scaling.check;

import java.util.List;

/**
 * Finds a run that does not get going: a loss that stays about the entropy of single words, or loss
 * scaling that skips its steps.
 */
final class StallRule implements Rule {
  private static final int FEWEST = 8;
  private static final double LARGEST = 20;

  private static final RuleInfo INFO =
      new RuleInfo(
          "stall",
          "the loss stays as high as word frequencies alone give, or loss scaling skips steps",
          "the loss is that of a language model in nats per token, trained from scratch; columns"
              + " skipped, overflows or loss_scale where loss scaling is used",
          "error for a stalled loss, a collapsed scale or a fifth of the steps skipped; else warning",
          "single words of text have an entropy of 6.5 to 8 nats; a model that learns is below it"
              + " within some hundred steps",
          "stalled public runs of 350M parameters found, healthy runs silent: headroom selftest"
              + " checks",
          List.of(
              Setting.above0("loss", 6.5, "loss in nats above which no progress is a stall"),
              Setting.share("progress", 0.03, "relative fall over the last half that is progress"),
              Setting.whole("steps", 1000, 1, 1_000_000_000, "steps before a loss can be stalled"),
              Setting.share("skipped", 0.01, "share of steps skipped for overflow")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    loss(subject.series("loss"), set, out);
    scale(subject.series("loss_scale"), out);
    skipped(subject, set, out);
  }

  private static void loss(Series loss, RuleSettings set, List<Finding> out) {
    int n = loss.size();
    if (n < FEWEST || loss.lastStep() - loss.step()[0] < set.number("steps")) {
      return;
    }
    double end = loss.last();
    double half = loss.median(n / 2 - loss.tail() / 2, n / 2 + loss.tail() - loss.tail() / 2);
    double start = loss.median(0, loss.tail());
    boolean high = Math.min(half, end) > set.number("loss") && Math.max(start, half) < LARGEST;
    if (high && end > (1 - set.number("progress")) * half) {
      out.add(
          new Finding(
              INFO.id(),
              Severity.ERROR,
              loss.step()[n / 2],
              "loss stalls: "
                  + Level.number(half)
                  + " half-way, "
                  + Level.number(end)
                  + " at the end, no better than word frequencies"));
    }
  }

  private static void scale(Series scale, List<Finding> out) {
    int n = scale.size();
    if (n < 2 || scale.value()[n - 1] > 1) {
      return;
    }
    int at = n - 1;
    while (at > 0 && scale.value()[at - 1] <= 1) {
      at--;
    }
    if (at > 0) {
      out.add(
          new Finding(
              INFO.id(),
              Severity.ERROR,
              scale.step()[at],
              "loss scale collapsed to " + Level.number(scale.value()[n - 1])));
    }
  }

  private static void skipped(Subject subject, RuleSettings set, List<Finding> out) {
    double skipped = told(subject.run().notes());
    long from = -1;
    for (String column : List.of("skipped", "overflows")) {
      Series series = subject.series(column);
      double sum = 0;
      for (int i = 0; i < series.size(); i++) {
        sum += Math.max(0, series.value()[i]);
        if (series.value()[i] > 0 && from < 0) {
          from = series.step()[i];
        }
      }
      skipped = Math.max(skipped, sum);
    }
    long[] step = subject.run().step();
    double steps = Math.max(1, step[step.length - 1] - step[0]);
    double share = Math.min(1, skipped / steps);
    if (share > set.number("skipped") && skipped > 10) {
      out.add(
          new Finding(
              INFO.id(),
              share > 0.2 ? Severity.ERROR : Severity.WARNING,
              Math.max(0, from),
              Level.number(skipped)
                  + " steps skipped for overflow, "
                  + Level.number(100 * share)
                  + " % of all"));
    }
  }

  /** Some readers count the lines that tell of an overflow and leave their number in a note. */
  private static double told(List<String> notes) {
    for (String note : notes) {
      if (note.contains("skipped because the gradients overflowed")
          && note.matches("\\d{1,15} .*")) {
        return Double.parseDouble(note.substring(0, note.indexOf(' ')));
      }
    }
    return 0;
  }
}
