package dev.headroom.scaling.check;

import dev.headroom.scaling.schedule.Schedule;
import java.util.List;

/** Compares the logged learning rate with the declared schedule, and looks for lost warm-up. */
final class ScheduleRule implements Rule {
  private static final int FEWEST = 3;

  private static final RuleInfo INFO =
      new RuleInfo(
          "schedule",
          "the logged learning rate is not the declared schedule, warm-up is missing, or the loss"
              + " jumps where the rate warms up again",
          "a column lr; the schedule is declared by this setting or by the log's header; rates may be"
              + " logged one step early or late",
          "error for another schedule; warning for missing warm-up and for a jump of the loss",
          "rates are computed, not measured: 1 % of the peak is far more than rounding",
          "logs of our own trainer, and public logs with a logged rate, are silent: headroom selftest"
              + " checks",
          List.of(
              new Setting(
                  "declared", Setting.Kind.SCHEDULE, "", 0, 0, "the schedule that was meant"),
              Setting.share("tolerance", 0.01, "difference that counts, relative to the peak"),
              Setting.whole("warmup", Double.NaN, 1, 1_000_000_000, "fewest steps of warm-up"),
              Setting.above0("jump", 0.03, "relative rise of the loss at a restart")));

  @Override
  public RuleInfo info() {
    return INFO;
  }

  @Override
  public void apply(Subject subject, RuleSettings set, List<Finding> out) {
    Series lr = subject.series("lr");
    if (lr.size() < FEWEST) {
      return;
    }
    Schedule declared = declared(subject, set);
    if (declared != null) {
      compare(lr, declared, set.number("tolerance"), out);
    }
    if (set.given("warmup")) {
      warmup(lr, set.number("warmup"), out);
    }
    restarts(subject, lr, set.number("jump"), out);
  }

  private static Schedule declared(Subject subject, RuleSettings set) {
    String own = set.text("declared");
    if (!own.isEmpty()) {
      return Schedule.parse(own);
    }
    try {
      String header = subject.run().settings().get("schedule");
      return header == null ? null : Schedule.parse(header);
    } catch (IllegalArgumentException e) {
      return null; // a header of another tool, in words that are not ours
    }
  }

  private static void compare(Series lr, Schedule declared, double tolerance, List<Finding> out) {
    double peak = 0;
    for (double rate : lr.value()) {
      peak = Math.max(peak, rate);
    }
    for (long s : new long[] {1, Math.max(1, declared.warmup()), declared.total()}) {
      peak = Math.max(peak, declared.lr(s));
    }
    int differ = 0;
    int first = -1;
    for (int i = 0; i < lr.size(); i++) {
      double off = Double.POSITIVE_INFINITY;
      for (long s = lr.step()[i] - 1; s <= lr.step()[i] + 1; s++) {
        off = Math.min(off, Math.abs(lr.value()[i] - declared.lr(Math.max(1, s))));
      }
      if (off > tolerance * peak) {
        differ++;
        first = first < 0 ? i : first;
      }
    }
    if (differ > 0) {
      long at = lr.step()[first];
      String text =
          "learning rate at step "
              + at
              + " is "
              + Level.number(lr.value()[first])
              + ", declared "
              + Level.number(declared.lr(Math.max(1, at)))
              + "; differs on "
              + differ
              + " of "
              + lr.size()
              + " logged steps";
      out.add(new Finding(INFO.id(), Severity.ERROR, at, text));
    }
  }

  private static void warmup(Series lr, double steps, List<Finding> out) {
    double peak = 0;
    for (double rate : lr.value()) {
      peak = Math.max(peak, rate);
    }
    int at = 0;
    while (lr.value()[at] < 0.99 * peak) {
      at++;
    }
    if (lr.step()[at] < steps) {
      String text = "warm-up is missing or short: the highest rate is reached at step ";
      out.add(new Finding(INFO.id(), Severity.WARNING, lr.step()[at], text + lr.step()[at]));
    }
  }

  /** A restart that warms up again shows in the rate; a loss that jumps there lost its state. */
  private static void restarts(Subject subject, Series lr, double jump, List<Finding> out) {
    Level level = subject.level();
    double noise = level.noise();
    for (int i = lr.size() / 20 + 1; i < lr.size(); i++) {
      if (!(lr.value()[i] < 0.2 * lr.value()[i - 1] && rises(lr, i))) {
        continue;
      }
      int at = 0;
      while (at < level.step().length && level.step()[at] < lr.step()[i]) {
        at++;
      }
      int q = Math.min(10, Math.min(at, level.step().length - at));
      double error = noise * Math.sqrt(2.0 / Math.max(1, q));
      if (q < FEWEST) {
        continue;
      }
      Series y = new Series(level.step(), level.y());
      double rise = y.median(at, at + q) - y.median(at - q, at);
      if (rise > Math.max(Math.log1p(jump), 6 * error)) {
        String text = "the loss jumps by " + Level.number(100 * Math.expm1(rise));
        text += " % where the rate warms up again: was the optimiser's state lost?";
        out.add(new Finding(INFO.id(), Severity.WARNING, lr.step()[i], text));
      }
    }
  }

  private static boolean rises(Series lr, int i) {
    int later = Math.min(lr.size() - 1, i + Math.max(5, lr.size() / 50));
    return lr.value()[later] > 3 * lr.value()[i];
  }
}
