package dev.headroom.scaling.forecast;

import dev.headroom.scaling.schedule.Descent;
import dev.headroom.scaling.schedule.Schedule;
import java.util.Arrays;
import java.util.Locale;

/**
 * The rates ahead, constant between knots and never rising, that the fitted law predicts best.
 *
 * <p>Found by projected gradient: the loss is convex in the rates, so that what it finds is the
 * best.
 */
final class FallingRates implements Ahead.Rates {
  private static final int KNOTS = 96;
  private static final int ROUNDS = 300;

  private final Outlook outlook;
  private final double rate;
  private final double lowest;
  private final long last;
  private final long total;
  private final double[] x = new double[KNOTS];
  private final double[] area = new double[KNOTS];
  private final double[] fall = new double[KNOTS];

  /** Searches rates from the lowest that is allowed to the present one. */
  FallingRates(Outlook outlook, double rate, double lowest) {
    this.outlook = outlook;
    this.rate = rate;
    this.lowest = lowest;
    last = outlook.last();
    total = outlook.request().schedule().total();
    Arrays.fill(x, (rate + lowest) / 2);
    Target flat = linear();
    for (int round = 0; round < ROUNDS; round++) {
      go(gradient(flat), round);
    }
  }

  @Override
  public double at(long step) {
    return x[knot(step)];
  }

  private int knot(long step) {
    return (int) Math.max(0, Math.min(KNOTS - 1, (step - last - 1) * KNOTS / (total - last)));
  }

  /** Fills the effect of every knot; both axes are linear in the rates. */
  private Target linear() {
    Target zero = target(new double[KNOTS]);
    for (int k = 0; k < KNOTS; k++) {
      double[] one = new double[KNOTS];
      one[k] = x[k];
      Target t = target(one);
      area[k] = (t.area() - zero.area()) / x[k];
      fall[k] = (t.fall() - zero.fall()) / x[k];
    }
    return zero;
  }

  private Target target(double[] knots) {
    Schedule ahead = new Ahead(s -> knots[knot(s)], total, "knots");
    Descent descent = outlook.descent(ahead, total);
    return new Target(descent.area()[(int) total - 1], descent.fall()[(int) total - 1]);
  }

  private double[] gradient(Target flat) {
    double reached = flat.area();
    for (int k = 0; k < KNOTS; k++) {
      reached += area[k] * x[k];
    }
    double perArea = outlook.slope(reached);
    double perFall = -outlook.shape().kappa() * outlook.shape().level();
    double[] g = new double[KNOTS];
    for (int k = 0; k < KNOTS; k++) {
      g[k] = perArea * area[k] + perFall * fall[k];
    }
    return g;
  }

  private void go(double[] g, int round) {
    double largest = 0;
    for (double slope : g) {
      largest = Math.max(largest, Math.abs(slope));
    }
    double step = (rate - lowest) / Math.max(largest, 1e-300) / (1 + round / 10.0);
    for (int k = 0; k < KNOTS; k++) {
      x[k] -= step * g[k];
    }
    pool(x);
    for (int k = 0; k < KNOTS; k++) {
      x[k] = Math.max(lowest, Math.min(rate, x[k]));
    }
  }

  /** Projects on sequences that never rise, by pooling neighbours that do. */
  private static void pool(double[] x) {
    double[] mean = new double[x.length];
    int[] count = new int[x.length];
    int blocks = 0;
    for (double value : x) {
      mean[blocks] = value;
      count[blocks++] = 1;
      while (blocks > 1 && mean[blocks - 2] < mean[blocks - 1]) {
        int n = count[blocks - 2] + count[blocks - 1];
        mean[blocks - 2] += (mean[blocks - 1] - mean[blocks - 2]) * count[blocks - 1] / n;
        count[blocks - 2] = n;
        blocks--;
      }
    }
    for (int b = 0, i = 0; b < blocks; b++) {
      for (int k = 0; k < count[b]; k++) {
        x[i++] = mean[b];
      }
    }
  }

  /** Returns the rates in words. */
  String words() {
    StringBuilder out = new StringBuilder("rates that never rise:");
    for (int k = 0; k < KNOTS; k++) {
      if (k == 0 || Math.abs(x[k] - x[k - 1]) > 0.1 * (rate - lowest)) {
        long step = last + 1 + (total - last) * k / KNOTS;
        out.append(
            String.format(Locale.ROOT, "%s %.4g from step %d", k == 0 ? "" : ",", x[k], step));
      }
    }
    return out.toString();
  }
}
