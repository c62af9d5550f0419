package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with the loss, down from chance: downstream error {@code E - k exp(-g L)}.
 *
 * <p>{@code E} is the error of a model that knows nothing. Only for means over many tasks: single
 * tasks turn and jump.
 *
 * <p>Source: Gadre et al. 2024 (arXiv 2403.08540), equation 5.
 */
public record ErrorLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("l", "nats / token", "loss of the model", Variable.Domain.REAL));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "error", "error at a large loss"),
          Parameter.prefactor("k", "error", "error won when the loss falls to 0"),
          Parameter.nonlinear(
              "g",
              "1 / loss",
              0,
              Double.POSITIVE_INFINITY,
              "how fast the error falls with the loss",
              .1,
              .2,
              .35,
              .5,
              .75,
              1,
              1.5,
              2,
              3,
              4,
              6,
              9,
              15,
              30));

  private static final Card CARD =
      new Card(
          "error",
          "E - k exp(-g L)",
          "Gadre et al. 2024, arXiv 2403.08540, eq. 5",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[2] * x[0]);
    gradient[0] = 1;
    gradient[1] = -power;
    gradient[2] = theta[1] * power * x[0];
    return theta[0] - theta[1] * power;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {theta[0], theta[1], theta[2] / factors[0]};
  }

  @Override
  public Typical typical() {
    return Typical.of(0.9, 0.8, 1.2).over(new double[] {0.1}, new double[] {5});
  }
}
