package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Schedule;
import java.util.List;

/**
 * Carries a run on along siblings that were trained with the very same rates.
 *
 * <p>The shape is {@code b mean_j L_j(S)} with L_j the smoothed curve of twin j, carried on by
 * {@link Anchor}; b is 1 or the slope of the run against its twins over the last half of the
 * prefix. No law comes in, so none can be wrong.
 */
final class Twins {
  private static final int COMPARED = 64;

  private Twins() {}

  /** Says whether two schedules have the same rates up to a step. */
  static boolean sameRates(Schedule a, Schedule b, long toStep) {
    if (Math.min(a.total(), b.total()) < 0.98 * toStep) {
      return false;
    }
    double peak = 0;
    double apart = 0;
    for (int i = 1; i <= COMPARED; i++) {
      long step = Math.max(1, toStep * i / COMPARED);
      peak = Math.max(peak, a.lr(step));
      apart = Math.max(apart, Math.abs(a.lr(step) - b.lr(step)));
    }
    return apart <= 0.01 * peak;
  }

  static Line line(Curve prefix, List<Curve> twins, boolean stretched) {
    double b = stretched ? slope(prefix, twins) : 1;
    return (area, fall) -> b * mean(twins, area);
  }

  private static double mean(List<Curve> twins, double area) {
    double sum = 0;
    for (Curve twin : twins) {
      sum += at(twin, area);
    }
    return sum / twins.size();
  }

  /** Returns the smoothed loss at an area: a line through its neighbours. */
  private static double at(Curve curve, double area) {
    int n = curve.size();
    int wanted = curve.pointNoise() < Curve.SMOOTH ? 2 : Math.max(3, n / 20);
    int mid = 0;
    while (mid < n - 1 && curve.area()[mid] < area) {
      mid++;
    }
    int from = Math.max(0, mid - wanted);
    int to = Math.min(n, Math.max(mid + (wanted == 2 ? 1 : wanted), from + 2));
    double mx = 0;
    double my = 0;
    for (int i = from; i < to; i++) {
      mx += curve.area()[i] / (to - from);
      my += curve.loss()[i] / (to - from);
    }
    double xx = 0;
    double xy = 0;
    for (int i = from; i < to; i++) {
      xx += (curve.area()[i] - mx) * (curve.area()[i] - mx);
      xy += (curve.area()[i] - mx) * (curve.loss()[i] - my);
    }
    return xx == 0 ? my : my + xy / xx * (area - mx);
  }

  private static double slope(Curve prefix, List<Curve> twins) {
    int n = prefix.size();
    int from = n / 2;
    double[] g = new double[n];
    double mg = 0;
    double my = 0;
    for (int i = from; i < n; i++) {
      g[i] = mean(twins, prefix.area()[i]);
      mg += g[i] / (n - from);
      my += prefix.loss()[i] / (n - from);
    }
    double gg = 0;
    double gy = 0;
    for (int i = from; i < n; i++) {
      gg += (g[i] - mg) * (g[i] - mg);
      gy += (g[i] - mg) * (prefix.loss()[i] - my);
    }
    return gg == 0 ? 1 : Math.max(0.3, Math.min(3, gy / gg));
  }
}
