package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls as a power of one variable towards a floor: {@code E + A x^-a}.
 *
 * <p>{@code x} may be parameters, tokens, steps or FLOPs. With fewer than a decade of {@code x} the
 * floor and the exponent are hardly told apart; the fit says so.
 *
 * <p>Source: Hestness et al. 2017 (arXiv 1712.00409), section 2; Henighan et al. 2020 (arXiv
 * 2010.14701), equation 1.1.
 */
public record PowerLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("x", "any", "scale: parameters, tokens, steps or FLOPs"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss that no amount of x removes"),
          Parameter.prefactor("A", "loss * x^a", "reducible loss at x = 1"),
          Parameter.exponent("a", "how fast the reducible loss falls"));

  private static final Card CARD =
      new Card(
          "power",
          "E + A x^-a",
          "Hestness et al. 2017, arXiv 1712.00409; Henighan et al. 2020, arXiv 2010.14701, eq. 1.1",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[2] * logX[0]);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    gradient[2] = -logX[0] * term;
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0], theta[1] * Math.pow(factors[0], theta[2]), theta[2]};
  }
}
