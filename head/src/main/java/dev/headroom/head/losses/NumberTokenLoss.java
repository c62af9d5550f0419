package dev.headroom.head.losses;

import dev.headroom.head.NumberTokens;
import dev.headroom.head.RowBatch;
import java.util.Locale;

/**
 * Adds to the cross-entropy a loss that knows how far a predicted number token is from the right
 * one, on rows whose target is a number token.
 *
 * <p>With S the number tokens, {@code v_j} their values, {@code q_j = p_j / m}, {@code m = sum_S
 * p_j}, and y the value of the row's target; l and its derivatives for j in S:
 *
 * <table>
 * <caption>Variants</caption>
 * <tr><td>{@link #wasserstein}</td><td>{@code l = sum_j q_j |v_j - y|}</td>
 *   <td>{@code dl/dz_j = q_j (|v_j - y| - l)}</td></tr>
 * <tr><td>{@link #dotProduct}</td><td>{@code l = h(sum_j q_j v_j - y)} with h squared, absolute or
 *   Huber's</td><td>{@code dl/dz_j = h' q_j (v_j - sum_k q_k v_k)}</td></tr>
 * <tr><td>{@link #gaussian}</td><td>{@code l = -sum_j w_j log q_j}, w as {@link NumberTargets}
 *   spreads y</td><td>{@code dl/dz_j = q_j - w_j}</td></tr>
 * <tr><td>{@link #squashed}</td><td colspan="2">Wasserstein over distances that are mapped affinely
 *   so that the least becomes 1 and the largest f; 0 stays 0</td></tr>
 * <tr><td>{@link #byNumberMass}</td><td>{@code m l + K (1 - m)}, K = 1.01 of the largest possible
 *   l</td><td>{@code dl/dz_v = p_v m (K - l)} for every class, and for j in S also {@code m
 *   dl/dz_j + p_j (l - K)}</td></tr>
 * </table>
 *
 * <p>All times the weight. Values are in the units of the numbers (squared ones for SQUARED), of a
 * Gaussian target in nats. A mean runs over rows with a number target; other rows and batches
 * without any contribute exactly 0. Only the K logits of those rows are needed: no table of K x K
 * distances, no N x V array. Memory 12 bytes x K a row with a number target.
 *
 * <p>Source: Zausinger et al. 2024, Regress, Don't Guess (NTL-MSE, NTL-WAS, squashing and the mass
 * term); Imani and White 2018 (histogram targets). The dot product has other minima than the right
 * number (half 4, half 6 is as good as 5): prefer Wasserstein. Not for numbers whose tokens are
 * chunks of several digits, where 12345 is 123 and 45 and each chunk is scored alone: {@link
 * WholeNumberLoss} scores the number.
 */
public final class NumberTokenLoss extends NumberLoss {

  /** How a dot product's distance is measured; Huber's turns from square to line at 1. */
  public enum Distance {
    /** {@code x^2}. */
    SQUARED,
    /** {@code |x|}, of slope 0 at 0. */
    ABSOLUTE,
    /** {@code x^2 / 2} up to 1, {@code |x| - 1/2} beyond. */
    HUBER;

    double of(double x) {
      return switch (this) {
        case SQUARED -> x * x;
        case ABSOLUTE -> Math.abs(x);
        case HUBER -> Math.abs(x) <= 1 ? x * x / 2 : Math.abs(x) - 0.5;
      };
    }

    double slope(double x) {
      return switch (this) {
        case SQUARED -> 2 * x;
        case ABSOLUTE -> Math.signum(x);
        case HUBER -> Math.abs(x) <= 1 ? x : Math.signum(x);
      };
    }
  }

  private final String name;
  private final NumberTargets targets;
  private final Distance distance;
  private final double sigma;
  private final double squash;
  private final boolean byMass;
  private final double weight;

  // distances between different values: the least, the largest
  private final double least;
  private final double largest;

  private NumberTokenLoss(
      String name,
      NumberTokens tokens,
      Distance distance,
      double sigma,
      double squash,
      boolean byMass,
      double weight) {
    super(tokens);
    this.name = name;
    targets = new NumberTargets(values);
    this.distance = distance;
    this.sigma = sigma;
    this.squash = squash;
    this.byMass = byMass;
    this.weight = weight;
    double[] sorted = targets.sorted();
    double gap = sorted.length > 1 ? Double.POSITIVE_INFINITY : 1;
    for (int i = 1; i < sorted.length; i++) {
      gap = Math.min(gap, sorted[i] - sorted[i - 1]);
    }
    least = gap;
    largest = sorted[sorted.length - 1] - sorted[0];
  }

  /** Returns the expected distance of a predicted number from the right one. */
  public static NumberTokenLoss wasserstein(NumberTokens tokens) {
    return new NumberTokenLoss("wasserstein", tokens, null, 0, 0, false, 1);
  }

  /** Returns the distance of the expected number from the right one. */
  public static NumberTokenLoss dotProduct(NumberTokens tokens, Distance distance) {
    String name = distance.name().toLowerCase(Locale.ROOT);
    return new NumberTokenLoss(name, tokens, distance, 0, 0, false, 1);
  }

  /**
   * Returns the cross-entropy, among number tokens, against a Gaussian around the right number.
   *
   * @param sigma its deviation, in units of the values
   */
  public static NumberTokenLoss gaussian(NumberTokens tokens, double sigma) {
    require(sigma > 0 && sigma < Double.POSITIVE_INFINITY, "sigma", sigma, "a positive number");
    return new NumberTokenLoss("gaussian", tokens, null, sigma, 0, false, 1);
  }

  /**
   * Returns the Wasserstein loss over squashed distances: large ones weigh at most f times as much
   * as the least.
   *
   * @param f the largest distance after squashing
   */
  public static NumberTokenLoss squashed(NumberTokens tokens, double f) {
    require(f > 1 && f < Double.POSITIVE_INFINITY, "f", f, "above 1");
    return new NumberTokenLoss("squashed", tokens, null, 0, f, false, 1);
  }

  /**
   * Returns this loss with the mass of number tokens taken in: mass that goes elsewhere costs a
   * little more than the worst number.
   */
  public NumberTokenLoss byNumberMass() {
    require(sigma == 0, "byNumberMass", name, "a loss that has a largest value");
    return new NumberTokenLoss(name, tokens, distance, sigma, squash, true, weight);
  }

  /** Returns this loss times a weight lambda. */
  public NumberTokenLoss withWeight(double lambda) {
    require(lambda >= 0 && lambda < Double.POSITIVE_INFINITY, "lambda", lambda, "0 or positive");
    return new NumberTokenLoss(name, tokens, distance, sigma, squash, byMass, lambda);
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  @Override
  public void form(RowBatch rows) {
    Row row = new Row();
    for (int i = 0; i < rows.size(); i++) {
      row.form(rows, i);
    }
  }

  /** What a row's work needs, used again for the next. */
  private final class Row {
    private final double[] q = new double[ids.length];
    private final double[] slopes = new double[ids.length];

    void form(RowBatch rows, int i) {
      for (int k = 0; k < q.length; k++) {
        q[k] = rows.listed(i, k);
      }
      double lse = softmax(q);
      double y = tokens.value(rows.target(i));
      double loss = sigma > 0 ? gaussian(y) : distance == null ? expected(y) : expectation(y);
      double mass = byMass ? Math.exp(lse - rows.lse(i)) : 1;
      double worst = byMass ? 1.01 * worst() : 0;
      double value = byMass ? mass * loss + worst * (1 - mass) : loss;
      double all = byMass ? mass * (worst - loss) : 0;
      rows.set(i, weight * value, 0, weight * all, 0);
      for (int k = 0; k < q.length; k++) {
        double d = byMass ? mass * (slopes[k] + q[k] * (loss - worst)) : slopes[k];
        rows.setListed(i, k, weight * d);
      }
    }

    /** The expected distance, and its slopes. */
    private double expected(double y) {
      double sum = 0;
      for (int k = 0; k < q.length; k++) {
        slopes[k] = apart(values[k], y);
        sum += q[k] == 0 ? 0 : q[k] * slopes[k];
      }
      for (int k = 0; k < q.length; k++) {
        slopes[k] = q[k] == 0 ? 0 : q[k] * (slopes[k] - sum);
      }
      return sum;
    }

    /** The distance of the expectation, and its slopes. */
    private double expectation(double y) {
      double mean = 0;
      for (int k = 0; k < q.length; k++) {
        mean += q[k] * values[k];
      }
      double slope = distance.slope(mean - y);
      for (int k = 0; k < q.length; k++) {
        slopes[k] = slope * q[k] * (values[k] - mean);
      }
      return distance.of(mean - y);
    }

    private double gaussian(double y) {
      double[] spread = targets.gaussian(y, sigma);
      double sum = 0;
      for (int k = 0; k < q.length; k++) {
        sum -= spread[k] == 0 ? 0 : spread[k] * Math.log(q[k]);
        slopes[k] = q[k] - spread[k];
      }
      return sum;
    }
  }

  private double apart(double v, double y) {
    double plain = Math.abs(v - y);
    if (squash == 0 || plain == 0) {
      return plain;
    }
    return largest == least ? 1 : 1 + (squash - 1) * (plain - least) / (largest - least);
  }

  private double worst() {
    return squash > 0 ? squash : distance == null ? largest : distance.of(largest);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NumberTokenLoss that
        && tokens.equals(that.tokens)
        && toString().equals(that.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  @Override
  public String toString() {
    return "number tokens "
        + name
        + (sigma > 0 ? " " + sigma : squash > 0 ? " " + squash : "")
        + (byMass ? " by mass" : "")
        + " x "
        + weight
        + " ("
        + tokens
        + ")";
  }
}
