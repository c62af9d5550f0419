package dev.headroom.head.losses;

import java.util.Arrays;
import org.apache.commons.math3.special.Erf;

/**
 * Spreads a number over the values of number tokens, as targets of a classification that stands for
 * a regression. With {@link dev.headroom.head.HeadOptions#withSoftTargets} the weights are a row's
 * soft targets; their mean {@code sum_j w_j v_j} is read back as the prediction.
 *
 * <p>Values are taken in the order of size; of equal values the first has the weight. Source: Imani
 * and White 2018, Improving Regression Performance with Distributional Losses (histograms of a
 * Gaussian); Farebrother et al. 2024, Stop Regressing (both kinds). Not for numbers far beyond the
 * values: all weight goes to the outermost one.
 */
public final class NumberTargets {

  private final double[] sorted;
  // of each value its place among the sorted ones, or -1 where an equal one came before
  private final int[] places;

  /** Sorts the values once, for the numbers of many rows. */
  NumberTargets(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: none (expected: at least one)");
    }
    sorted = Arrays.stream(values).map(v -> v + 0.0).sorted().distinct().toArray();
    places = new int[values.length];
    boolean[] given = new boolean[sorted.length];
    for (int k = 0; k < values.length; k++) {
      int i = Arrays.binarySearch(sorted, values[k] + 0.0);
      places[k] = given[i] ? -1 : i;
      given[i] = true;
    }
  }

  /** Returns the different values, ascending; not a copy. */
  double[] sorted() {
    return sorted;
  }

  /**
   * Returns the mass of a Gaussian around y that falls into each value's bin: bins end halfway
   * between neighbours, the outermost are open.
   *
   * <pre>
   *   w_j = Phi((right_j - y) / sigma) - Phi((left_j - y) / sigma)
   * </pre>
   *
   * @param values of the number tokens
   * @param y number to spread
   * @param sigma deviation, in units of the values
   * @return weights in the order of the values, of sum 1
   */
  public static double[] gaussian(double[] values, double y, double sigma) {
    return new NumberTargets(values).gaussian(y, sigma);
  }

  double[] gaussian(double y, double sigma) {
    if (!(sigma > 0 && sigma < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("sigma: " + sigma + " (expected: a positive number)");
    }
    checkNumber(y);
    double[] mass = new double[sorted.length];
    for (int i = 0; i < sorted.length; i++) {
      boolean first = i == 0;
      boolean last = i == sorted.length - 1;
      double left = first ? Double.NEGATIVE_INFINITY : (sorted[i - 1] + sorted[i]) / 2;
      double right = last ? Double.POSITIVE_INFINITY : (sorted[i] + sorted[i + 1]) / 2;
      mass[i] = between((left - y) / sigma, (right - y) / sigma);
    }
    return place(mass);
  }

  /**
   * Returns weights at the two values next to y whose mean is y; all at one value where y is one,
   * or lies beyond the outermost.
   *
   * @param values of the number tokens
   * @param y number to spread
   * @return weights in the order of the values, of sum 1
   */
  public static double[] twoHot(double[] values, double y) {
    return new NumberTargets(values).twoHot(y);
  }

  private double[] twoHot(double y) {
    checkNumber(y);
    double[] mass = new double[sorted.length];
    int at = Arrays.binarySearch(sorted, y + 0.0);
    int above = at >= 0 ? at : -at - 1;
    if (at >= 0 || above == 0 || above == sorted.length) {
      mass[Math.min(above, sorted.length - 1)] = 1;
    } else {
      mass[above] = (y - sorted[above - 1]) / (sorted[above] - sorted[above - 1]);
      mass[above - 1] = 1 - mass[above];
    }
    return place(mass);
  }

  private static void checkNumber(double y) {
    if (!Double.isFinite(y)) {
      throw new IllegalArgumentException("number: " + y + " (expected: a finite number)");
    }
  }

  private double[] place(double[] mass) {
    double[] weights = new double[places.length];
    for (int k = 0; k < places.length; k++) {
      weights[k] = places[k] < 0 ? 0 : mass[places[k]];
    }
    return weights;
  }

  /** The mass of a normal variable between two numbers; both tails keep their digits. */
  private static double between(double from, double to) {
    return from > 0 ? upper(from) - upper(to) : upper(-to) - upper(-from);
  }

  /** The upper tail {@code Q(x) = erfc(x / sqrt 2) / 2}. */
  private static double upper(double x) {
    if (Double.isInfinite(x)) {
      return x > 0 ? 0 : 1;
    }
    return Erf.erfc(x / Math.sqrt(2)) / 2;
  }
}
