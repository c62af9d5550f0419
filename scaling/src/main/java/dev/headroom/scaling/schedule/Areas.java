package dev.headroom.scaling.schedule;

import java.util.Arrays;

/**
 * Holds the two areas of a learning-rate schedule that the annealing law uses as its variables.
 *
 * <p>{@code S1[s] = sum_{i<=s} lr[i]} and {@code S2[s] = sum_{i<=s} m[i]} with {@code m[i] = lambda
 * m[i-1] + lr[i-1] - lr[i]} and {@code m[0] = 0}; both sums include step s. Unit: that of the rate.
 * Time and memory are linear in the steps. Source: Tissue et al., "Scaling Law with Learning Rate
 * Annealing", arXiv 2408.11029, equations 1 and 2.
 *
 * @param s1 area under the rate, at index i for the i-th rate
 * @param s2 area of the annealing momentum, same index
 */
public record Areas(double[] s1, double[] s2) {

  /** The decay of the annealing momentum that the source recommends. */
  public static final double LAMBDA = 0.999;

  /** Copies the arrays. */
  public Areas {
    if (s1.length != s2.length) {
      throw new IllegalArgumentException(
          "s2: " + s2.length + " values (expected: as many as s1, " + s1.length + ")");
    }
    s1 = s1.clone();
    s2 = s2.clone();
  }

  /**
   * Sums the areas under rates as they are given (hold warm-up rates at the peak beforehand).
   *
   * @param ratesByStep one rate a step, in order
   * @param lambda decay of the annealing momentum a step, 0 to below 1
   * @throws IllegalArgumentException if a rate is not finite or lambda is out of range
   */
  public static Areas of(double[] ratesByStep, double lambda) {
    if (!(lambda >= 0 && lambda < 1)) {
      throw new IllegalArgumentException("lambda: " + lambda + " (expected: 0 to below 1)");
    }
    double[] s1 = new double[ratesByStep.length];
    double[] s2 = new double[ratesByStep.length];
    double area = 0;
    double momentum = 0;
    double annealed = 0;
    for (int i = 0; i < ratesByStep.length; i++) {
      double lr = ratesByStep[i];
      if (!(Math.abs(lr) <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "rate " + (i + 1) + ": " + lr + " (expected: a finite number)");
      }
      area += lr;
      momentum = i == 0 ? 0 : lambda * momentum + ratesByStep[i - 1] - lr;
      annealed += momentum;
      s1[i] = area;
      s2[i] = annealed;
    }
    return new Areas(s1, s2);
  }

  /**
   * Sums the areas of a schedule's first steps, the rate held at its peak during warm-up.
   *
   * @param steps how many steps; index {@code step - 1} of the result belongs to a step
   */
  public static Areas of(Schedule schedule, long steps, double lambda) {
    double[] rates = schedule.rates(steps);
    int warm = (int) Math.min(schedule.warmup(), steps);
    if (warm > 0) {
      // A formula peaks at the last warm-up step, a column of rates at the step after it.
      long last = schedule.warmup();
      Arrays.fill(rates, 0, warm, Math.max(schedule.lr(last), schedule.lr(last + 1)));
    }
    return of(rates, lambda);
  }

  @Override
  public double[] s1() {
    return s1.clone();
  }

  @Override
  public double[] s2() {
    return s2.clone();
  }
}
