package dev.headroom.cli;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.log.Table;
import dev.headroom.scaling.schedule.Schedule;

/**
 * The learning-rate schedule of a run and where it was found.
 *
 * @param schedule the schedule
 * @param source in words: the command line, the log's header or its lr column
 */
record RunSchedule(Schedule schedule, String source) {

  /**
   * Finds the schedule of a run: the text given, else the header of the log, else its lr column up
   * to its last step.
   *
   * @throws IllegalArgumentException where there is none of them
   */
  static RunSchedule of(Run run, String text) {
    if (text != null) {
      return new RunSchedule(Schedule.parse(text), "schedule given: " + text);
    }
    String header = run.settings().get("schedule");
    if (header != null) {
      return new RunSchedule(Schedule.parse(header), "header of the log: " + header);
    }
    return new RunSchedule(
        logged(run, run.step()[run.size() - 1]), "column lr, linear between the logged steps");
  }

  /** Reads a schedule given as text, or as a file with columns step and lr. */
  static Schedule parse(String text, LogFiles files) {
    if (text.indexOf('(') >= 0 || !text.matches(".*[./\\\\].*")) {
      return Schedule.parse(text);
    }
    Table table = files.table(text);
    double[] steps = table.column("step");
    long[] step = new long[steps.length];
    for (int i = 0; i < step.length; i++) {
      step[i] = Math.round(steps[i]);
    }
    if (step.length == 0) {
      throw new CommandException(
          ExitCode.INPUT, text + ": no rows (expected: columns step and lr)");
    }
    return Schedule.ofColumn(step, table.column("lr"), step[step.length - 1]);
  }

  private static Schedule logged(Run run, long total) {
    double[] lr = run.columns().get("lr");
    int count = 0;
    if (lr != null) {
      for (double rate : lr) {
        count += PointReader.usable(rate) ? 1 : 0;
      }
    }
    if (count == 0) {
      throw new IllegalArgumentException(
          run.name()
              + ": its learning rate is not known (expected: --schedule TEXT such as"
              + " 'cosine(peak=3e-4,warmup=2000,total=24000)', or a column mapped as lr=COLUMN)");
    }
    long[] step = new long[count];
    double[] rate = new double[count];
    int kept = 0;
    for (int i = 0; i < lr.length; i++) {
      if (PointReader.usable(lr[i])) {
        step[kept] = run.step()[i];
        rate[kept++] = lr[i];
      }
    }
    return Schedule.ofColumn(step, rate, Math.max(1, total));
  }
}
