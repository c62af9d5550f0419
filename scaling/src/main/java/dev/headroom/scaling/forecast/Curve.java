package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;

/**
 * Holds the points of a run on the axes of its schedule, beyond warm-up, at most {@link #MOST} of
 * them: neighbours of a denser log are joined by the median of their losses.
 *
 * @param step step of each point
 * @param area area under the rate
 * @param fall share of the peak by which the remembered rate has been lowered
 * @param loss loss
 * @param peak highest rate of the schedule
 * @param noise standard deviation of the log of one logged loss, from second differences
 * @param joined logged rows in one point
 */
record Curve(
    double[] step,
    double[] area,
    double[] fall,
    double[] loss,
    double peak,
    double noise,
    int joined) {
  static final int MOST = 400;

  /** Losses of points that scatter more than this are judged by means of several. */
  static final double SMOOTH = 0.0005;

  static Curve of(Run run, Schedule schedule, Descent descent) {
    double[] area = descent.area();
    double[] fall = descent.fall();
    long[] runStep = run.step();
    double[] runLoss = run.loss();
    int[] kept = usable(run, schedule.warmup(), area.length);
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
        out[1][p] += area[at] / joined;
        out[2][p] += fall[at] / joined;
        group[i] = runLoss[row];
      }
      out[3][p] = Quantiles.median(group);
    }
    return new Curve(
        out[0], out[1], out[2], out[3], peak(schedule), spread(logs), Math.max(1, joined));
  }

  private static double peak(Schedule schedule) {
    double peak = schedule.lr(Math.max(1, schedule.warmup()));
    for (int i = 1; i <= 64; i++) {
      peak = Math.max(peak, schedule.lr(Math.max(1, schedule.total() * i / 64)));
    }
    return peak;
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

  /** Returns the area at the last point. */
  double now() {
    return area[area.length - 1];
  }

  /** Returns the first k points. */
  Curve first(int k) {
    return new Curve(
        Arrays.copyOf(step, k),
        Arrays.copyOf(area, k),
        Arrays.copyOf(fall, k),
        Arrays.copyOf(loss, k),
        peak,
        noise,
        joined);
  }

  /** Returns the mean loss of the last points where points scatter, else the last loss. */
  double level() {
    int n = size();
    int wanted = pointNoise() > SMOOTH ? Math.max(2, n / 50) : 1;
    int m = Math.min(n, wanted);
    double sum = 0;
    for (int i = n - m; i < n; i++) {
      sum += loss[i] / m;
    }
    return sum;
  }

  /** Returns the loss at an area, linear between points and held outside. */
  double lossAt(double wanted) {
    int k = Arrays.binarySearch(area, wanted);
    int right = k >= 0 ? k : -k - 1;
    if (right == 0 || right == area.length || k >= 0) {
      return loss[Math.min(right, area.length - 1)];
    }
    double f = (wanted - area[right - 1]) / (area[right] - area[right - 1]);
    return loss[right - 1] + f * (loss[right] - loss[right - 1]);
  }

  /** Returns the standard deviation of the log of one point's loss. */
  double pointNoise() {
    return noise * (joined > 2 ? 1.2533 : 1) / Math.sqrt(joined);
  }

  private static double spread(double[] y) {
    if (y.length < 5) {
      return 0;
    }
    double[] second = new double[y.length - 2];
    for (int i = 0; i < second.length; i++) {
      second[i] = Math.abs(y[i] - 2 * y[i + 1] + y[i + 2]);
    }
    return 1.4826 * Quantiles.median(second) / Math.sqrt(6);
  }
}
