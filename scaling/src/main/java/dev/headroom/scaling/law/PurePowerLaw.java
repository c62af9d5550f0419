package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls as a power of one variable towards zero: {@code A x^-a}.
 *
 * <p>A straight line in log-log axes. Use it for small ranges, or where the floor is known to be
 * far below the data; it promises too much when extrapolated far.
 *
 * <p>Source: Kaplan et al. 2020 (arXiv 2001.08361), equations 1.1 to 1.3.
 */
public record PurePowerLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("x", "any", "scale: parameters, tokens, steps or FLOPs"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("A", "loss * x^a", "loss at x = 1"),
          Parameter.exponent("a", "how fast the loss falls"));

  private static final Card CARD =
      new Card(
          "power0",
          "A x^-a",
          "Kaplan et al. 2020, arXiv 2001.08361, eq. 1.1 to 1.3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[1] * logX[0]);
    double value = theta[0] * power;
    gradient[0] = power;
    gradient[1] = -logX[0] * value;
    return value;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0] * Math.pow(factors[0], theta[1]), theta[1]};
  }
}
