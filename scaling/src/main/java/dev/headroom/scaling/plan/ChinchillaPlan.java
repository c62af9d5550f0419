package dev.headroom.scaling.plan;

/**
 * Finds the best model of a budget under {@code E + A/N^a + B/D^b} with {@code C = 6 N D}.
 *
 * <p>{@code N* = G (C/6)^(b/(a+b))}, {@code D* = (C/6)^(a/(a+b)) / G}, {@code G = (a A / (b
 * B))^(1/(a+b))}. Pass the parameters in the law's order: E, A, B, a, b.
 *
 * <p>Source: Hoffmann et al. 2022 (arXiv 2203.15556), equation 4.
 */
public final class ChinchillaPlan {

  private final double e;
  private final double coefA;
  private final double coefB;
  private final double a;
  private final double b;

  /**
   * One way to spend a budget.
   *
   * @param params parameters
   * @param tokens tokens seen in training
   * @param loss loss the law gives
   */
  public record Split(double params, double tokens, double loss) {}

  /**
   * Takes the parameters E, A, B, a, b.
   *
   * @throws IllegalArgumentException unless A, B, a and b are above zero: else no split is best
   */
  public ChinchillaPlan(double[] theta) {
    String[] names = {"E", "A", "B", "a", "b"};
    for (int i = 0; i < names.length; i++) {
      if (!(theta[i] >= 0 && theta[i] <= Double.MAX_VALUE) || (i > 0 && theta[i] == 0)) {
        throw new IllegalArgumentException(
            names[i]
                + ": "
                + theta[i]
                + " (expected: above 0; without both terms of the law no split is best)");
      }
    }
    e = theta[0];
    coefA = theta[1];
    coefB = theta[2];
    a = theta[3];
    b = theta[4];
  }

  /** Returns the exponent of the budget in the best number of parameters. */
  public double exponent() {
    return b / (a + b);
  }

  /** Returns the loss. */
  public double loss(double params, double tokens) {
    return e + coefA * Math.pow(params, -a) + coefB * Math.pow(tokens, -b);
  }

  /** Returns the best split of a budget in FLOPs. */
  public Split optimum(double flops) {
    double product = positive("flops", flops) / 6;
    double logG = Math.log(a * coefA / (b * coefB)) / (a + b);
    double params = Math.exp(logG + exponent() * Math.log(product));
    return split(params, product / params);
  }

  /** Returns the split at these numbers. */
  public Split split(double params, double tokens) {
    return new Split(params, tokens, loss(params, tokens));
  }

  static double positive(String name, double value) {
    if (!(value > 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: finite, above 0)");
    }
    return value;
  }
}
