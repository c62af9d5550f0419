package dev.headroom.scaling.law;

import java.util.List;

/**
 * Grows as a power of the logarithm of pre-training data: {@code (log(A D^al))^be}.
 *
 * <p>Written with {@code c = log A}. For translation scores where pre-training data suit the task;
 * where they do not, the score may fall with more data, and no choice of parameters follows that.
 *
 * <p>Source: Isik et al. 2024 (arXiv 2402.04177), equation 1.
 */
public record BleuLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("d", "tokens", "pre-training data"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.nonlinear(
              "c",
              "1",
              Double.NEGATIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              "logarithm of A, in the unit of d",
              .02,
              .1,
              .3,
              .6,
              1,
              2,
              4),
          Parameter.nonlinear(
              "al",
              "1",
              0,
              100,
              "growth of the logarithm with data",
              .01,
              .03,
              .1,
              .2,
              .4,
              .8,
              1.5,
              3),
          Parameter.nonlinear("be", "1", 0, 20, "power of the logarithm", .3, .6, 1, 1.5, 2, 3, 4));

  private static final Card CARD =
      new Card(
          "bleu",
          "(c + al log D)^be",
          "Isik et al. 2024, arXiv 2402.04177, eq. 1",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double base = theta[0] + theta[1] * logX[0];
    double value = Math.pow(base, theta[2]);
    double slope = theta[2] * value / base;
    gradient[0] = slope;
    gradient[1] = slope * logX[0];
    gradient[2] = Math.log(base) * value;
    return value;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0] - theta[1] * Math.log(factors[0]), theta[1], theta[2]};
  }

  @Override
  public Typical typical() {
    return Typical.of(2.5, 0.4, 2).over(new double[] {0.1}, new double[] {10000.0});
  }
}
