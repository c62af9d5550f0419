package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls as a power of a shifted variable towards a floor: {@code E + A (x + x0)^-a}.
 *
 * <p>Flat below {@code x0}, a power above: curves that begin late. {@code x0}, {@code A} and {@code
 * a} are told apart only by points on both sides of {@code x0}.
 *
 * <p>Source: Rosenfeld et al. 2020 (arXiv 1909.12673), section 5; Henighan et al. 2020 (arXiv
 * 2010.14701).
 */
public record ShiftedPowerLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("x", "any", "scale: parameters, tokens, steps or FLOPs"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss that no amount of x removes"),
          Parameter.prefactor("A", "loss * x^a", "reducible loss at x + x0 = 1"),
          Parameter.nonlinear(
              "x0",
              "unit of x",
              0,
              Double.POSITIVE_INFINITY,
              "scale below which the loss is flat",
              .01,
              .1,
              .3,
              1,
              3,
              10,
              30,
              100,
              1000),
          Parameter.exponent("a", "how fast the reducible loss falls far above x0"));

  private static final Card CARD =
      new Card(
          "shifted",
          "E + A (x + x0)^-a",
          "Rosenfeld et al. 2020, arXiv 1909.12673; Henighan et al. 2020, arXiv 2010.14701",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double shifted = x[0] + theta[2];
    double log = Math.log(shifted);
    double power = Math.exp(-theta[3] * log);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    gradient[2] = -theta[3] * term / shifted;
    gradient[3] = -log * term;
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0], theta[1] * Math.pow(factors[0], theta[3]), theta[2] * factors[0], theta[3]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(1.5, 2, 1, 0.5).over(new double[] {0.01}, new double[] {10000.0});
  }
}
