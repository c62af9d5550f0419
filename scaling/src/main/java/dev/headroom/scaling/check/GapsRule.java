package dev.headroom.scaling.check;

import java.util.Arrays;
import java.util.List;

/** Finds missing steps in a log with a regular interval (three quarters of its steps). */
final class GapsRule implements Rule {
  private static final int FEWEST = 10;
  private static final double REGULAR = 0.75;

  private static final RuleInfo INFO =
      new RuleInfo(
          "gaps",
          "steps are missing, out of order or duplicated beyond a limit",
          "the log has a regular interval; one that has none is not judged for missing steps",
          "warning",
          "a restart repeats some steps and a crash loses some; more is a broken log",
          "public logs are silent: headroom selftest checks",
          List.of(
              Setting.share("missing", 0.1, "share of missing steps"),
              Setting.share("repeated", 0.1, "share of rows that repeat or go back to a step")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    long[] step = subject.run().step();
    if (step.length < FEWEST) {
      return;
    }
    repeated(subject, set, out);
    long[] intervals = new long[step.length - 1];
    for (int i = 0; i < intervals.length; i++) {
      intervals[i] = step[i + 1] - step[i];
    }
    long[] sorted = intervals.clone();
    Arrays.sort(sorted);
    long usual = sorted[sorted.length / 2];
    int regular = 0;
    double missing = 0;
    int widest = 0;
    for (int i = 0; i < intervals.length; i++) {
      regular += intervals[i] == usual ? 1 : 0;
      missing += intervals[i] >= 2 * usual ? (double) intervals[i] / usual - 1 : 0;
      widest = intervals[i] > intervals[widest] ? i : widest;
    }
    double share = missing / (missing + step.length);
    if (regular >= REGULAR * intervals.length && share > set.number("missing")) {
      out.add(
          warning(
              step[widest],
              percent(share)
                  + " of the steps are missing, most between "
                  + step[widest]
                  + " and "
                  + step[widest + 1]
                  + " (usual interval "
                  + usual
                  + ")"));
    }
  }

  private static void repeated(Subject subject, RuleSettings set, List<Finding> out) {
    double rows = 0;
    for (String note : subject.run().notes()) {
      // The reader has merged them already and left their number.
      if (note.matches("\\d+ duplicate steps?, .*")) {
        rows += Double.parseDouble(note.substring(0, note.indexOf(' ')));
      }
    }
    double share = rows / (rows + subject.run().size());
    if (share > set.number("repeated")) {
      out.add(warning(subject.run().step()[0], percent(share) + " of the rows repeat a step"));
    }
  }

  private static String percent(double share) {
    return Level.number(100 * share) + " %";
  }

  private static Finding warning(long step, String text) {
    return new Finding(INFO.id(), Severity.WARNING, step, text);
  }
}
