package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Areas;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;

/**
 * Holds the points of a run on the annealing law's axes, beyond warm-up, at most {@link #MOST} of
 * them: neighbours of a denser log are joined by the median of their losses.
 *
 * @param step step of each point
 * @param s1 forward area
 * @param s2 annealing area
 * @param loss loss
 * @param noise standard deviation of the log of one logged loss, from second differences
 * @param joined logged rows in one point
 */
record Curve(double[] step, double[] s1, double[] s2, double[] loss, double noise, int joined) {
  static final int MOST = 400;

  static Curve of(Run run, Schedule schedule, Areas areas) {
    double[] s1 = areas.s1();
    double[] s2 = areas.s2();
    long[] runStep = run.step();
    double[] runLoss = run.loss();
    int[] kept = usable(run, schedule.warmup(), s1.length);
    int n = kept.length;
    double[] logs = new double[n];
    for (int i = 0; i < n; i++) {
      logs[i] = Math.log(runLoss[kept[i]]);
    }
    int joined = (n + MOST - 1) / MOST;
    int points = joined == 0 ? 0 : n / joined;
    double[][] out = new double[4][points];
    for (int p = 0; p < points; p++) {
      // The remainder goes to the front, so that the last point ends at the last row.
      int from = n - (points - p) * joined;
      double[] group = new double[joined];
      for (int i = 0; i < joined; i++) {
        int row = kept[from + i];
        int at = (int) runStep[row] - 1;
        out[0][p] += (double) runStep[row] / joined;
        out[1][p] += s1[at] / joined;
        out[2][p] += s2[at] / joined;
        group[i] = runLoss[row];
      }
      out[3][p] = median(group);
    }
    return new Curve(out[0], out[1], out[2], out[3], spread(logs), Math.max(1, joined));
  }

  /** Returns the rows beyond warm-up, within the schedule, whose loss has a logarithm. */
  private static int[] usable(Run run, long warmup, int steps) {
    long[] step = run.step();
    double[] loss = run.loss();
    int[] kept = new int[step.length];
    int n = 0;
    for (int i = 0; i < step.length; i++) {
      boolean positive = loss[i] > 0 && loss[i] <= Double.MAX_VALUE;
      if (positive && step[i] > warmup && step[i] <= steps) {
        kept[n++] = i;
      }
    }
    return Arrays.copyOf(kept, n);
  }

  int size() {
    return step.length;
  }

  /** Returns the first k points. */
  Curve first(int k) {
    return new Curve(
        Arrays.copyOf(step, k),
        Arrays.copyOf(s1, k),
        Arrays.copyOf(s2, k),
        Arrays.copyOf(loss, k),
        noise,
        joined);
  }

  /** Returns the number of points whose step is at most this one. */
  int until(double last) {
    int k = 0;
    while (k < step.length && step[k] <= last) {
      k++;
    }
    return k;
  }

  /** Returns the same curve with other losses. */
  Curve withLoss(double[] other) {
    return new Curve(step, s1, s2, other, noise, joined);
  }

  /** Returns the standard deviation of the log of one point's loss. */
  double pointNoise() {
    return noise * (joined > 2 ? 1.2533 : 1) / Math.sqrt(joined);
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  private static double spread(double[] y) {
    if (y.length < 5) {
      return 0;
    }
    double[] second = new double[y.length - 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = Math.abs(y[i] - 2 * y[i + 1] + y[i + 2]);
    }
    return 1.4826 * median(second) / Math.sqrt(6);
  }
}
