package dev.headroom.scaling.law;

import java.util.List;

/**
 * Predicts one loss from another: {@code L1 = K (L0 - E0)^kappa + E1}.
 *
 * <p>For training loss on another data set, or test loss from training loss, of models paired by
 * size and compute. Fix {@code E0} and {@code E1} to the floors of each side's own law: free, the
 * four are known only roughly. The paper's own lines are least squares on the logarithms of the
 * reducible losses: take the floors off both columns, fix them at 0 and use LEAST_SQUARES_LOG.
 *
 * <p>Source: Brandfonbrener et al. 2024 (arXiv 2411.12925), equation 3.
 */
public record LossToLossLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("l0", "nats / token", "the loss that is known"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("K", "loss^(1 - kappa)", "slope at l0 - E0 = 1"),
          Parameter.nonlinear(
              "kappa",
              "1",
              0,
              10,
              "power that ties the reducible losses",
              .3,
              .5,
              .7,
              .85,
              1,
              1.15,
              1.4,
              1.8,
              2.5,
              4),
          Parameter.nonlinear(
              "E0",
              "loss",
              0,
              Double.POSITIVE_INFINITY,
              "floor of the known loss; below every l0",
              0,
              .2,
              .4,
              .6,
              .75,
              .85,
              .95),
          Parameter.linear("E1", "loss", "floor of the predicted loss"));

  private static final Card CARD =
      new Card(
          "loss-to-loss",
          "K (L0 - E0)^kappa + E1",
          "Brandfonbrener et al. 2024, arXiv 2411.12925, eq. 3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double reducible = x[0] - theta[2];
    double log = Math.log(reducible);
    double power = Math.exp(theta[1] * log);
    double term = theta[0] * power;
    gradient[0] = power;
    gradient[1] = log * term;
    gradient[2] = -theta[1] * term / reducible;
    gradient[3] = 1;
    return term + theta[3];
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double factor = Math.pow(factors[0], -theta[1]);
    return new double[] {theta[0] * factor, theta[1], theta[2] * factors[0], theta[3]};
  }

  @Override
  public Typical typical() {
    return Typical.of(1.2, 0.8, 1.0, 1.1).over(new double[] {1.3}, new double[] {8});
  }
}
