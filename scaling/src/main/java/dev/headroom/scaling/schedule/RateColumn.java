package dev.headroom.scaling.schedule;

import java.util.Arrays;

/** A schedule given as one rate a step. */
record RateColumn(double[] rates, long total) implements Schedule {

  RateColumn {
    if (rates.length == 0 || total != rates.length) {
      throw new IllegalArgumentException(
          "rates: " + rates.length + " (expected: one a step, at least one)");
    }
    double peak = 0;
    for (int i = 0; i < rates.length; i++) {
      if (!(rates[i] >= 0) || Double.isInfinite(rates[i])) {
        throw new IllegalArgumentException(
            "rate of step " + (i + 1) + ": " + rates[i] + " (expected: finite and not negative)");
      }
      peak = Math.max(peak, rates[i]);
    }
    if (peak == 0) {
      throw new IllegalArgumentException("rates: all zero (expected: a positive rate)");
    }
    rates = rates.clone();
  }

  static double[] fill(long[] step, double[] lr, long total) {
    if (step.length == 0 || step.length != lr.length) {
      throw new IllegalArgumentException(
          "lr column: "
              + lr.length
              + " rates (expected: one for each of "
              + step.length
              + " steps, at least one)");
    }
    long last = step[step.length - 1];
    if (total < last || total < 1 || total > 10_000_000) {
      throw new IllegalArgumentException(
          "total: " + total + " (expected: " + Math.max(1, last) + " to 10000000)");
    }
    double[] out = new double[(int) total];
    int k = 0;
    for (int i = 0; i < out.length; i++) {
      long s = i + 1L;
      while (k + 1 < step.length && step[k + 1] <= s) {
        k++;
      }
      out[i] = between(step, lr, k, s);
    }
    return out;
  }

  private static double between(long[] step, double[] lr, int k, long s) {
    if (s <= step[k] || k + 1 == step.length) {
      return lr[k];
    }
    if (step[k + 1] <= step[k]) {
      throw new IllegalArgumentException(
          "step: " + step[k + 1] + " after " + step[k] + " (expected: rising steps)");
    }
    double f = (double) (s - step[k]) / (step[k + 1] - step[k]);
    return lr[k] + f * (lr[k + 1] - lr[k]);
  }

  @Override
  public double lr(long step) {
    Shape.checkStep(step);
    return rates[(int) Math.min(step, total) - 1];
  }

  @Override
  public long warmup() {
    int top = 0;
    for (int i = 1; i < rates.length; i++) {
      if (rates[i] > rates[top]) {
        top = i;
      }
    }
    for (int i = 1; i <= top; i++) {
      if (rates[i] < rates[i - 1]) {
        return 0;
      }
    }
    return top;
  }

  @Override
  public String text() {
    StringBuilder out = new StringBuilder("rates(");
    for (int i = 0; i < rates.length; i++) {
      out.append(i == 0 ? "" : ";").append(rates[i]);
    }
    return out.append(')').toString();
  }

  @Override
  public double[] rates() {
    return rates.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RateColumn that && Arrays.equals(rates, that.rates);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(rates);
  }

  @Override
  public String toString() {
    return "rates of " + total + " steps";
  }
}
