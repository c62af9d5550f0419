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

  /**
   * Returns the best split of a budget with bounds on the model and on the tokens.
   *
   * <p>The loss along a budget falls to its optimum and rises after it, so the nearest allowed size
   * is the best one.
   *
   * @throws IllegalArgumentException where the bounds leave nothing
   */
  public Split bounded(double flops, double leastParams, double mostParams, double mostTokens) {
    double product = positive("flops", flops) / 6;
    double least = Math.max(leastParams, product / mostTokens);
    if (!(least <= mostParams)) {
      throw new IllegalArgumentException(
          "bounds: at least "
              + (float) least
              + " and at most "
              + (float) mostParams
              + " parameters for "
              + (float) flops
              + " FLOPs (expected: room between them; a larger model, more tokens or a smaller"
              + " budget)");
    }
    double params = Math.min(mostParams, Math.max(least, optimum(flops).params()));
    return split(params, product / params);
  }

  /**
   * Returns the best split of a budget that also pays for serving tokens: {@code 6 N D + 2 N T}.
   *
   * <p>Source: Sardana et al. 2024 (arXiv 2401.00448), equation 3.
   */
  public Split withInference(double flops, double served) {
    if (!(served >= 0)) {
      throw new IllegalArgumentException("served tokens: " + served + " (expected: 0 or more)");
    }
    double most = served == 0 ? Double.MAX_VALUE : flops / (2 * served);
    double centre = Math.log(optimum(flops).params());
    double params =
        Math.exp(
            LineSearch.least(
                logN -> {
                  double tokens = (flops / Math.exp(logN) - 2 * served) / 6;
                  return tokens > 0 ? loss(Math.exp(logN), tokens) : Double.MAX_VALUE;
                },
                Math.min(centre, Math.log(most)) - 12,
                Math.min(centre + 1, Math.log(most))));
    return split(params, (flops / params - 2 * served) / 6);
  }

  /**
   * Returns the tokens with which a model reaches a loss; NaN where it never does.
   *
   * <p>{@code D = (B / (L - E - A/N^a))^(1/b)}.
   */
  public double tokensTo(double loss, double params) {
    double left = loss - e - coefA * Math.pow(params, -a);
    return left > 0 ? Math.pow(coefB / left, 1 / b) : Double.NaN;
  }

  /** Returns the parameters with which the best split of a budget sees these tokens. */
  double paramsFor(double tokens) {
    double logG = Math.log(a * coefA / (b * coefB)) / (a + b);
    return Math.exp((logG + Math.log(tokens) * (b / (a + b))) * (a + b) / a);
  }

  static double positive(String name, double value) {
    if (!(value > 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: finite, above 0)");
    }
    return value;
  }
}
