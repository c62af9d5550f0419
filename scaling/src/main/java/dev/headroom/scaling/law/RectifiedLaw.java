package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls as a power of the fine-tuning data, flat before: {@code B/(Dl + D^be) + E}.
 *
 * <p>{@code Dl} is what pre-training has taught already, as data. Needs points of both phases.
 *
 * <p>Source: Lin et al. 2024 (arXiv 2402.02314), equation 4.
 */
public record RectifiedLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("d", "samples", "fine-tuning data"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("B", "loss * d^be", "reducible loss where Dl + d^be = 1"),
          Parameter.nonlinear(
              "Dl",
              "d^be",
              0,
              Double.POSITIVE_INFINITY,
              "data learned before, to the power be",
              .1,
              .5,
              1,
              2,
              5,
              10,
              20,
              50,
              100,
              300,
              1000),
          Parameter.nonlinear(
              "be",
              "1",
              0,
              10,
              "how fast the loss falls with much data",
              .1,
              .2,
              .3,
              .4,
              .5,
              .6,
              .75,
              .9,
              1.1,
              1.4,
              2),
          Parameter.linear("E", "loss", "loss that no data removes"));

  private static final Card CARD =
      new Card(
          "rectified",
          "B/(Dl + D^be) + E",
          "Lin et al. 2024, arXiv 2402.02314, eq. 4",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(theta[2] * logX[0]);
    double inverse = 1 / (theta[1] + power);
    double term = theta[0] * inverse;
    gradient[0] = inverse;
    gradient[1] = -term * inverse;
    gradient[2] = -term * inverse * power * logX[0];
    gradient[3] = 1;
    return term + theta[3];
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double factor = Math.pow(factors[0], theta[2]);
    return new double[] {theta[0] * factor, theta[1] * factor, theta[2], theta[3]};
  }

  @Override
  public Typical typical() {
    return Typical.of(8, 5, 0.7, 1.0).over(new double[] {0.1}, new double[] {10000});
  }
}
