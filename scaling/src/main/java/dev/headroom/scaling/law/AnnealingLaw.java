package dev.headroom.scaling.law;

import java.util.List;

/**
 * Follows the loss along a learning-rate schedule: {@code L0 + A S1^-al - C S2}.
 *
 * <p>{@code S1} is the sum of the learning rates so far; {@code S2} the annealing area, the sum of
 * the momentum of its decay, {@code m_i = lambda m_{i-1} + lr_{i-1} - lr_i}. Both are computed from
 * a schedule by {@code dev.headroom.scaling.schedule}. With a constant rate {@code S2} is zero and
 * {@code C} cannot be known; the fit says so. Not meant for the warm-up itself.
 *
 * <p>Source: Tissue et al. 2024 (arXiv 2408.11029), equation 1.
 */
public record AnnealingLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("s1", "lr * steps", "forward area: sum of the learning rates"),
          new Variable(
              "s2",
              "lr * steps",
              "annealing area: sum of the momentum of the decay",
              Variable.Domain.REAL));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("L0", "loss", "loss after endless training without annealing"),
          Parameter.prefactor("A", "loss * (lr * steps)^al", "reducible loss at s1 = 1"),
          Parameter.exponent("al", "how fast the loss falls with the forward area"),
          Parameter.linear("C", "loss / (lr * steps)", "loss won by each unit of annealing area"));

  private static final Card CARD =
      new Card(
          "annealing",
          "L0 + A S1^-al - C S2",
          "Tissue et al. 2024, arXiv 2408.11029, eq. 1",
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
    gradient[3] = -x[1];
    return theta[0] + term - theta[3] * x[1];
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0], theta[1] * Math.pow(factors[0], theta[2]), theta[2], theta[3] / factors[1]
    };
  }
}
