package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with the sizes of encoder and decoder: {@code a (Ne0/Ne)^pe (Nd0/Nd)^pd + Linf}.
 *
 * <p>The factor in front is one number, {@code A = a Ne0^pe Nd0^pd}: the reference sizes only
 * choose its unit.
 *
 * <p>Source: Ghorbani et al. 2021 (arXiv 2109.07740), equation 1.
 */
public record NmtLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("ne", "parameters", "parameters of the encoder"),
          new Variable("nd", "parameters", "parameters of the decoder"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("Linf", "loss", "loss of an endless model"),
          Parameter.prefactor("A", "loss * parameters^(pe + pd)", "reducible loss at ne = nd = 1"),
          Parameter.exponent("pe", "how fast the loss falls with the encoder"),
          Parameter.exponent("pd", "how fast the loss falls with the decoder"));

  private static final Card CARD =
      new Card(
          "nmt",
          "Linf + A Ne^-pe Nd^-pd",
          "Ghorbani et al. 2021, arXiv 2109.07740, eq. 1",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[2] * logX[0] - theta[3] * logX[1]);
    double term = theta[1] * power;
    gradient[0] = 1;
    gradient[1] = power;
    gradient[2] = -logX[0] * term;
    gradient[3] = -logX[1] * term;
    return theta[0] + term;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double factor = Math.pow(factors[0], theta[2]) * Math.pow(factors[1], theta[3]);
    return new double[] {theta[0], theta[1] * factor, theta[2], theta[3]};
  }

  @Override
  public Typical typical() {
    return Typical.of(1.2, 1.5, 0.2, 0.4).over(new double[] {0.1, 0.1}, new double[] {100, 100});
  }
}
