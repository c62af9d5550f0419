package dev.headroom.cli.train;

import dev.headroom.scaling.fit.internal.StudentT;
import java.util.Arrays;

/**
 * A mean over seeds with a 95 % interval of Student's t.
 *
 * <pre>
 *   mean +- t(0.975, n - 1) s / sqrt(n),   s^2 = sum (x_i - mean)^2 / (n - 1)
 * </pre>
 *
 * <p>For values that are about normal from seed to seed. Three seeds give t = 4.30: the interval is
 * wide because so few runs say little.
 *
 * @param mean of the values
 * @param halfWidth of the interval; NaN for a single value
 */
public record MeanInterval(double mean, double halfWidth) {
  private static final double LEVEL = 0.95;

  /** Computes the interval of these values. */
  public static MeanInterval of(double[] values) {
    int n = values.length;
    double mean = Arrays.stream(values).sum() / n;
    double squares = Arrays.stream(values).map(x -> (x - mean) * (x - mean)).sum();
    double half = StudentT.twoSided(LEVEL, n - 1) * Math.sqrt(squares / (n - 1) / n);
    return new MeanInterval(mean, half);
  }

  /** Computes the interval of the differences {@code a_i - b_i} within each seed. */
  public static MeanInterval ofDifferences(double[] a, double[] b) {
    double[] differences = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      differences[i] = a[i] - b[i];
    }
    return of(differences);
  }

  /** Returns the lower end. */
  public double low() {
    return mean - halfWidth;
  }

  /** Returns the upper end. */
  public double high() {
    return mean + halfWidth;
  }

  /** Says whether 0 lies outside. */
  public boolean excludesZero() {
    return low() > 0 || high() < 0;
  }
}
