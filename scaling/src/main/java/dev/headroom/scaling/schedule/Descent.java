package dev.headroom.scaling.schedule;

import java.util.Arrays;

/**
 * Holds how far a schedule has come: the area under the rate and how far the rate has been lowered.
 *
 * <p>{@code area[s] = sum_{i<=s} w_i lr_i} and {@code fall[s] = 1 - (fast[s] + slow[s]) / (2 peak)}
 * where fast and slow are running means of the rate that remember {@value #FAST} and {@value #SLOW}
 * of the run so far: {@code mean += (lr_i - mean) min(1, w_i / (share clock_i))}, {@code clock_i =
 * sum_{j<=i} w_j}. The weight w of a step is its tokens over those of the last step, 1 where that
 * is not known. Unlike the annealing momentum of {@link Areas}, whose memory is 1,000 steps, this
 * one grows with the run and so holds for 600 steps as for 160,000. Warm-up rates count as the
 * peak. Time and memory are linear in the steps.
 *
 * @param area area under the rate, at index {@code step - 1}; unit: that of the rate
 * @param fall share of the peak by which the remembered rate lies below it, same index
 */
public record Descent(double[] area, double[] fall) {
  private static final double FAST = 0.01;
  private static final double SLOW = 0.2;

  /** Checks the lengths, without copying: both arrays are as long as the run. */
  public Descent {
    if (area.length != fall.length) {
      throw new IllegalArgumentException(
          "fall: " + fall.length + " values (expected: as many as area, " + area.length + ")");
    }
  }

  /** Follows a schedule for its first steps, every step with as many tokens. */
  public static Descent of(Schedule schedule, long steps) {
    return of(schedule, steps, null, 0);
  }

  /**
   * Follows a schedule for its first steps.
   *
   * @param tokens tokens of each step at index {@code step - 1}, at least {@code steps} of them and
   *     all positive; null where every step has as many
   * @param unit the rate that counts as the peak, 0 for the highest of these steps; schedules that
   *     are compared share it
   * @throws IllegalArgumentException if the count is below 1 or above 10 million
   */
  public static Descent of(Schedule schedule, long steps, double[] tokens, double unit) {
    double[] rates = schedule.rates(steps);
    holdWarmup(schedule, rates);
    double peak = unit;
    for (int i = 0; i < rates.length && unit == 0; i++) {
      peak = Math.max(peak, rates[i]);
    }
    double whole = tokens == null ? 1 : tokens[rates.length - 1];
    double[] fall = new double[rates.length];
    double area = 0;
    double clock = 0;
    double fast = rates[0];
    double slow = rates[0];
    for (int i = 0; i < rates.length; i++) {
      double rate = rates[i];
      double weight = tokens == null ? 1 : tokens[i] / whole;
      area += weight * rate;
      clock += weight;
      fast += (rate - fast) * Math.min(1, weight / (FAST * clock));
      slow += (rate - slow) * Math.min(1, weight / (SLOW * clock));
      fall[i] = peak == 0 ? 0 : 1 - (fast + slow) / (2 * peak);
      rates[i] = area;
    }
    return new Descent(rates, fall);
  }

  private static void holdWarmup(Schedule schedule, double[] rates) {
    int warm = (int) Math.min(schedule.warmup(), rates.length);
    if (warm > 0) {
      // A formula peaks at the last warm-up step, a column of rates at the step after it.
      long last = schedule.warmup();
      Arrays.fill(rates, 0, warm, Math.max(schedule.lr(last), schedule.lr(last + 1)));
    }
  }

  /** Returns the number of steps. */
  public int steps() {
    return area.length;
  }
}
