package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls exponentially towards a floor: {@code E + A exp(-g x)}.
 *
 * <p>What well pruned data promise against the power law of unpruned data; compare the two on the
 * same points by their forecasts.
 *
 * <p>Source: Sorscher et al. 2022 (arXiv 2206.14486), section 2.
 */
public record ExponentialLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("x", "any", "data kept, or another scale", Variable.Domain.REAL));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss that no amount of x removes"),
          Parameter.prefactor("A", "loss", "reducible loss at x = 0"),
          Parameter.nonlinear(
              "g",
              "1 / x",
              0,
              Double.POSITIVE_INFINITY,
              "how fast the reducible loss falls",
              .1,
              .2,
              .4,
              .7,
              1,
              1.5,
              2.2,
              3,
              4.5,
              7,
              12,
              20,
              40,
              80));

  private static final Card CARD =
      new Card(
          "exponential",
          "E + A exp(-g x)",
          "Sorscher et al. 2022, arXiv 2206.14486, section 2",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[2] * x[0]);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    gradient[2] = -x[0] * term;
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0], theta[1], theta[2] / factors[0]};
  }

  @Override
  public Typical typical() {
    return Typical.of(1.1, 1.5, 1.3).over(new double[] {0}, new double[] {4});
  }
}
