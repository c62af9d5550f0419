package dev.headroom.scaling.law;

import java.util.List;

/**
 * Predicts accuracy from a loss: {@code b + a/(1 + exp(k (L - L0)))}.
 *
 * <p>{@code b} is the accuracy of chance; above {@code L0} a task is hardly begun. Points on both
 * sides of {@code L0} are needed.
 *
 * <p>Source: Bhagia et al. 2024 (arXiv 2412.04403), equation 3.
 */
public record SigmoidLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("l", "nats", "loss on the task", Variable.Domain.REAL));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("b", "accuracy", "accuracy at a large loss"),
          Parameter.linear("a", "accuracy", "accuracy won by a small loss"),
          Parameter.nonlinear(
              "k", "1 / loss", 0, Double.POSITIVE_INFINITY, "steepness", 1, 2, 4, 7, 12, 20, 40),
          Parameter.nonlinear(
              "L0",
              "loss",
              Double.NEGATIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              "loss at which half is won",
              0,
              .15,
              .3,
              .45,
              .6,
              .75,
              .9,
              1.05));

  private static final Card CARD =
      new Card(
          "sigmoid",
          "b + a/(1 + exp(k (L - L0)))",
          "Bhagia et al. 2024, arXiv 2412.04403, eq. 3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double share = 1 / (1 + Math.exp(theta[2] * (x[0] - theta[3])));
    double slope = -theta[1] * share * (1 - share);
    gradient[0] = 1;
    gradient[1] = share;
    gradient[2] = slope * (x[0] - theta[3]);
    gradient[3] = -slope * theta[2];
    return theta[0] + theta[1] * share;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0], theta[1], theta[2] / factors[0], theta[3] * factors[0]};
  }

  @Override
  public Typical typical() {
    return Typical.of(0.3, 0.6, 3, 1.2).over(new double[] {0}, new double[] {3});
  }
}
