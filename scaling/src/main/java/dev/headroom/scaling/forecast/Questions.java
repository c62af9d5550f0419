package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.List;

/** Refuses questions without sense, and compares the logged rate with the schedule. */
final class Questions {
  /** Fewest updates beyond warm-up: before that a run is in its first transient. */
  private static final long FEWEST_STEPS = 30;

  private Questions() {}

  static void check(ForecastRequest request) {
    Run run = request.run();
    Schedule schedule = request.schedule();
    if (run.size() == 0) {
      throw new IllegalArgumentException("run: no points (expected: at least 8 beyond warm-up)");
    }
    long last = run.step()[run.size() - 1];
    // A log that counts from 0 ends at total - 1, one that counts from 1 at total.
    if (last > schedule.total()) {
      throw new IllegalArgumentException(
          "run: last step "
              + last
              + " (expected: at most "
              + schedule.total()
              + ", the total of the schedule; is it the schedule of this run?)");
    }
    checkTarget(request.toStep(), last, schedule.total());
  }

  static void checkTarget(long toStep, long last, long total) {
    if (toStep > total) {
      throw new IllegalArgumentException(
          "toStep: " + toStep + " (expected: at most " + total + ", the total of the schedule)");
    }
    if (toStep <= last) {
      throw new IllegalArgumentException(
          "toStep: "
              + toStep
              + " (expected: after the last logged step, "
              + last
              + "; what lies before is in the log)");
    }
  }

  static void checkLength(Curve prefix, ForecastRequest request) {
    int points = prefix.size();
    if (points < Residuals.FEWEST) {
      throw new IllegalArgumentException(
          "run: "
              + points
              + " points beyond the warm-up of "
              + request.schedule().warmup()
              + " steps (expected: at least "
              + Residuals.FEWEST
              + "; train longer or log more often)");
    }
    checkSteps(request.run().step()[request.run().size() - 1], request.schedule());
  }

  private static void checkSteps(long last, Schedule schedule) {
    long beyond = last - schedule.warmup();
    if (beyond < FEWEST_STEPS) {
      throw new IllegalArgumentException(
          "run: "
              + Math.max(0, beyond)
              + " steps beyond the warm-up of "
              + schedule.warmup()
              + " (expected: at least "
              + FEWEST_STEPS
              + "; the first steps of a run say nothing of its end, train longer)");
    }
  }

  static void compareRates(ForecastRequest request, List<String> notes) {
    double[] lr = request.run().columns().get("lr");
    if (lr == null) {
      return;
    }
    long[] step = request.run().step();
    Schedule schedule = request.schedule();
    int seen = 0;
    int off = 0;
    int first = 0;
    for (int i = 0; i < lr.length; i++) {
      if (step[i] <= schedule.warmup() + 1 || !(lr[i] >= 0)) {
        continue;
      }
      seen++;
      if (differs(schedule, step[i], lr[i]) && off++ == 0) {
        first = i;
      }
    }
    if (off > 0.05 * seen) {
      String at = "step " + step[first] + " (logged " + lr[first] + ", schedule ";
      notes.add(
          "the logged learning rate is not that of the schedule on "
              + off
              + " of "
              + seen
              + " steps, first at "
              + at
              + schedule.lr(step[first])
              + ")");
    }
  }

  private static boolean differs(Schedule schedule, long step, double logged) {
    // Loggers disagree on whether a step's rate is the one just used or the next one.
    for (long s = step - 1; s <= step + 1; s++) {
      double rate = schedule.lr(Math.max(1, s));
      if (Math.abs(rate - logged) <= 0.01 * Math.max(rate, logged)) {
        return false;
      }
    }
    return true;
  }
}
