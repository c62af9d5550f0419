package dev.headroom.scaling.forecast;

import dev.headroom.scaling.fit.internal.Quantiles;
import dev.headroom.scaling.log.Run;
import java.util.Arrays;

/**
 * Says when a run reaches a loss: the step of the forecast, and those of the band's two ends.
 *
 * @param loss the loss asked for
 * @param inLog first logged step at or under it, by the mean of neighbours where losses scatter; -1
 *     where the log does not reach it
 * @param step first step ahead whose forecast is at or under it, -1 for never within the schedule
 * @param earliest the same for the low end of the band
 * @param latest the same for the high end of the band
 * @param best the lowest forecast ahead
 * @param secondsPerStep seconds of a step late in the log, NaN where the log has no time
 * @param seconds time already spent at the last logged step, NaN where not known
 */
public record Reach(
    double loss,
    long inLog,
    long step,
    long earliest,
    long latest,
    double best,
    double secondsPerStep,
    double seconds) {

  /** Steps that are looked at one by one between two coarse ones. */
  private static final int COARSE = 2000;

  /**
   * Finds when a run reaches a loss under its schedule.
   *
   * @param loss above 0
   */
  public static Reach of(Outlook outlook, double loss) {
    if (!(loss > 0 && loss <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException("target: " + loss + " (expected: a loss above 0)");
    }
    Run run = outlook.request().run();
    Walk walk = new Walk(outlook);
    double pace = secondsPerStep(run);
    return new Reach(
        loss,
        inLog(outlook, loss),
        walk.first(loss, 0),
        walk.first(loss, -1),
        walk.first(loss, 1),
        walk.best,
        pace,
        elapsed(run));
  }

  /** Returns the tokens seen at a step, NaN where the log has none. */
  public static double tokens(Outlook outlook, long step) {
    return outlook.tokens().at(step, outlook.last());
  }

  private static long inLog(Outlook outlook, double loss) {
    Curve curve = outlook.prefix();
    for (int i = 0; i < curve.size(); i++) {
      boolean smooth = curve.pointNoise() <= Curve.SMOOTH || curve.joined() > 2;
      double here = smooth ? curve.loss()[i] : curve.first(i + 1).level();
      if (here <= loss) {
        return (long) curve.step()[i];
      }
    }
    return -1;
  }

  private static double secondsPerStep(Run run) {
    double[] time = run.columns().get("time");
    if (time == null) {
      return Double.NaN;
    }
    int from = 2 * run.size() / 3;
    double[] pace = new double[Math.max(0, run.size() - 1 - from)];
    int n = 0;
    for (int i = from; i + 1 < run.size(); i++) {
      double seconds = (time[i + 1] - time[i]) / (run.step()[i + 1] - run.step()[i]);
      if (seconds > 0 && seconds <= Double.MAX_VALUE) {
        pace[n++] = seconds;
      }
    }
    // The median, as pauses for evaluation and restarts are no part of the pace.
    return n == 0 ? Double.NaN : Quantiles.median(Arrays.copyOf(pace, n));
  }

  private static double elapsed(Run run) {
    double[] time = run.columns().get("time");
    return time == null ? Double.NaN : time[run.size() - 1];
  }

  /** Forecasts of the steps ahead, each with its band. */
  private static final class Walk {
    private final Outlook outlook;
    private final double[] area;
    private final double[] fall;
    private final int last;
    private double best = Double.POSITIVE_INFINITY;

    Walk(Outlook outlook) {
      this.outlook = outlook;
      var schedule = outlook.request().schedule();
      var descent = outlook.descent(schedule, schedule.total());
      area = descent.area();
      fall = descent.fall();
      last = (int) outlook.last();
      int stride = stride();
      for (int s = last + 1; s <= area.length; s += stride) {
        best = Math.min(best, at(s, 0));
      }
      best = Math.min(best, at(area.length, 0));
    }

    private int stride() {
      return Math.max(1, (area.length - last) / COARSE);
    }

    private double at(int step, int side) {
      Target target = new Target(area[step - 1], fall[step - 1]);
      double loss = outlook.lossAt(target);
      if (side == 0) {
        return loss;
      }
      double half =
          outlook.scale(target, loss) * outlook.basis().quantile(outlook.request().level());
      return loss * Math.exp(side * half);
    }

    long first(double wanted, int side) {
      int stride = stride();
      for (int s = last + 1; ; s += stride) {
        int end = Math.min(area.length, s);
        if (at(end, side) <= wanted) {
          return refine(Math.max(last + 1, end - stride + 1), end, wanted, side);
        }
        if (end == area.length) {
          return -1;
        }
      }
    }

    private long refine(int from, int to, double wanted, int side) {
      for (int s = from; s < to; s++) {
        if (at(s, side) <= wanted) {
          return s;
        }
      }
      return to;
    }
  }
}
