package dev.headroom.head;

import java.util.Locale;

/**
 * Weighs rows by their own losses: a factor on each row's token weight, formed after the forward
 * pass and before the gradients, and held constant by them.
 *
 * <p>With {@code l_i} the cross-entropy {@code L - z_t} of row i in nats, or the loss of its soft
 * targets, and {@code h_i = 2 (l_i - min) / (max - min) - 1} in [-1, 1] (0 where all are equal),
 * minimum, maximum, mean and deviation over kept rows of a finite loss:
 *
 * <table>
 * <caption>Factors</caption>
 * <tr><td>{@link #linear}</td><td>{@code 1 + a h_i}</td></tr>
 * <tr><td>{@link #quadratic}</td><td>{@code 1 - a h_i^2}</td></tr>
 * <tr><td>{@link #focal}</td><td>{@code (1 - p_i)^gamma} with {@code p_i = exp(-l_i)}</td></tr>
 * <tr><td>{@link #maskOutliers}</td><td>{@code 1} where {@code l_i <= mean + k sd}, else 0</td></tr>
 * </table>
 *
 * <p>The loss is the one that these factors times the token weights would give as token weights: a
 * mean divides by their sum (the focal loss of the literature divides by the rows: use {@link
 * Reduction#SUM}, and its gradient also goes through the factor). Rows whose loss is not finite
 * keep their weight, so that they show. Costs a forward pass before the gradients: 4 matrix
 * products.
 *
 * <p>Sources: Lin et al. 2017 (focal); Sow et al. 2025, Dynamic loss-based sample reweighting
 * (losses scaled to [-1, 1]).
 */
public final class Reweighting {
  private enum Kind {
    LINEAR,
    QUADRATIC,
    FOCAL,
    MASK_OUTLIERS
  }

  private final Kind kind;
  private final double parameter;

  private Reweighting(Kind kind, double parameter, boolean good, String rule) {
    if (!good) {
      throw new IllegalArgumentException(
          "reweighting "
              + kind.name().toLowerCase(Locale.ROOT)
              + ": "
              + parameter
              + " (expected: "
              + rule
              + ")");
    }
    this.kind = kind;
    this.parameter = parameter;
  }

  /** Returns {@code 1 + a h}: positive a stresses rows of high loss, negative a of low loss. */
  public static Reweighting linear(double a) {
    return new Reweighting(Kind.LINEAR, a, Math.abs(a) <= 1, "-1 to 1");
  }

  /** Returns {@code 1 - a h^2}: positive a plays both extremes down, negative a up. */
  public static Reweighting quadratic(double a) {
    return new Reweighting(Kind.QUADRATIC, a, Math.abs(a) <= 1, "-1 to 1");
  }

  /** Returns {@code (1 - p)^gamma}: rows that are learnt count less. */
  public static Reweighting focal(double gamma) {
    boolean good = gamma >= 0 && gamma < Double.POSITIVE_INFINITY;
    return new Reweighting(Kind.FOCAL, gamma, good, "0 or a positive number");
  }

  /** Returns a mask that leaves out rows whose loss lies k deviations above the mean. */
  public static Reweighting maskOutliers(double k) {
    boolean good = k >= 0 && k < Double.POSITIVE_INFINITY;
    return new Reweighting(Kind.MASK_OUTLIERS, k, good, "0 or a positive number");
  }

  boolean needsProbability() {
    return kind == Kind.FOCAL;
  }

  /**
   * Computes the factors of rows.
   *
   * @param losses cross-entropy of each row, in nats
   * @param kept which rows count
   * @return a factor for each row, 1 on rows that do not count
   */
  double[] factors(float[] losses, boolean[] kept) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    int rows = 0;
    for (int i = 0; i < losses.length; i++) {
      if (kept[i] && Float.isFinite(losses[i])) {
        min = Math.min(min, losses[i]);
        max = Math.max(max, losses[i]);
        sum += losses[i];
        rows++;
      }
    }
    double mean = sum / rows;
    double most =
        kind == Kind.MASK_OUTLIERS ? mean + parameter * deviation(losses, kept, mean, rows) : 0;
    double[] factors = new double[losses.length];
    for (int i = 0; i < losses.length; i++) {
      boolean counts = kept[i] && Float.isFinite(losses[i]);
      double h = counts && max > min ? 2 * (losses[i] - min) / (max - min) - 1 : 0;
      factors[i] = counts ? factor(losses[i], h, most) : 1;
    }
    return factors;
  }

  private static double deviation(float[] losses, boolean[] kept, double mean, int rows) {
    double squares = 0;
    for (int i = 0; i < losses.length; i++) {
      double off = kept[i] && Float.isFinite(losses[i]) ? losses[i] - mean : 0;
      squares += off * off;
    }
    return Math.sqrt(squares / rows);
  }

  private double factor(double loss, double h, double most) {
    return switch (kind) {
      case LINEAR -> 1 + parameter * h;
      case QUADRATIC -> 1 - parameter * h * h;
      // rounding may leave a loss just below 0
      case FOCAL -> Math.pow(-Math.expm1(-Math.max(0, loss)), parameter);
      case MASK_OUTLIERS -> loss <= most ? 1 : 0;
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Reweighting that && kind == that.kind && parameter == that.parameter;
  }

  @Override
  public int hashCode() {
    return 31 * kind.hashCode() + Double.hashCode(parameter);
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " " + parameter;
  }
}
