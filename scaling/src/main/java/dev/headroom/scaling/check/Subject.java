package dev.headroom.scaling.check;

import dev.headroom.scaling.log.Run;

/**
 * Holds what the rules judge: a run and its finite losses.
 *
 * @param run the run
 * @param level its finite losses on the working scale
 * @param interval the usual distance of logged steps: a low quantile, as an export thinned to even
 *     spacing keeps the spikes at full density; 1 for fewer than two losses
 */
record Subject(Run run, Level level, long interval) {

  static Subject of(Run run) {
    Level level = Level.of(run);
    long[] step = level.step();
    long[] intervals = new long[Math.max(0, step.length - 1)];
    for (int i = 0; i < intervals.length; i++) {
      intervals[i] = step[i + 1] - step[i];
    }
    java.util.Arrays.sort(intervals);
    return new Subject(run, level, intervals.length == 0 ? 1 : intervals[intervals.length / 10]);
  }

  /** Returns the finite values of a column, empty where the log has none. */
  Series series(String column) {
    return Series.of(run, column);
  }
}
