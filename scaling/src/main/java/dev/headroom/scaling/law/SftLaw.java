package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with fine-tuning data and what pre-training data are worth: {@code C (D + k T^al)^-be + E}.
 *
 * <p>{@code k T^al} is the effective data transferred: the fine-tuning data that pre-training on
 * {@code T} tokens saves.
 *
 * <p>Source: Hernandez et al. 2021 (arXiv 2102.01293), sections 2 and 3.
 */
public record SftLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("d", "samples", "fine-tuning data"),
          new Variable("t", "tokens", "pre-training data"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("C", "loss * d^be", "reducible loss at one unit of effective data"),
          Parameter.nonlinear(
              "k",
              "d / t^al",
              0,
              Double.POSITIVE_INFINITY,
              "fine-tuning data that t = 1 is worth",
              .01,
              .1,
              .3,
              1,
              3,
              10,
              100),
          Parameter.nonlinear(
              "al",
              "1",
              0,
              10,
              "how the worth grows with pre-training data",
              .1,
              .2,
              .4,
              .7,
              1,
              1.5),
          Parameter.exponent("be", "how fast the loss falls with effective data"),
          Parameter.linear("E", "loss", "loss that no data removes"));

  private static final Card CARD =
      new Card(
          "sft",
          "C (D + k T^al)^-be + E",
          "Hernandez et al. 2021, arXiv 2102.01293 (effective data)",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double worth = Math.exp(theta[2] * logX[1]);
    double data = x[0] + theta[1] * worth;
    double log = Math.log(data);
    double power = Math.exp(-theta[3] * log);
    double term = theta[0] * power;
    double slope = -theta[3] * term / data;
    gradient[0] = power;
    gradient[1] = slope * worth;
    gradient[2] = slope * theta[1] * worth * logX[1];
    gradient[3] = -log * term;
    gradient[4] = 1;
    return term + theta[4];
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0] * Math.pow(factors[0], theta[3]),
      theta[1] * factors[0] * Math.pow(factors[1], -theta[2]),
      theta[2],
      theta[3],
      theta[4]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(2, 1.5, 0.6, 0.4, 1.2)
        .over(new double[] {0.01, 0.01}, new double[] {1000, 100});
  }
}
