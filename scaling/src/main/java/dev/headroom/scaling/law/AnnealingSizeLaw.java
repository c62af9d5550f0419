package dev.headroom.scaling.law;

import java.util.List;

/**
 * Follows the loss along a schedule for models of several sizes: {@code L0 + A S1^-al - C S2 + B
 * N^-be}.
 *
 * <p>The annealing law with its floor falling with parameters; areas as for {@link AnnealingLaw}.
 *
 * <p>Source: Tissue et al. 2024 (arXiv 2408.11029), section 4.3.
 */
public record AnnealingSizeLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("s1", "lr * steps", "forward area: sum of the learning rates"),
          new Variable(
              "s2",
              "lr * steps",
              "annealing area: sum of the momentum of the decay",
              Variable.Domain.REAL),
          new Variable("n", "parameters", "parameters of the model, without embeddings"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("L0", "loss", "loss of an endless model after endless training"),
          Parameter.prefactor("A", "loss * (lr * steps)^al", "reducible loss at s1 = 1"),
          Parameter.exponent("al", "how fast the loss falls with the forward area"),
          Parameter.linear("C", "loss / (lr * steps)", "loss won by each unit of annealing area"),
          Parameter.prefactor("B", "loss * parameters^be", "loss left by a finite model at n = 1"),
          Parameter.exponent("be", "how fast the floor falls with parameters"));

  private static final Card CARD =
      new Card(
          "annealing-size",
          "L0 + A S1^-al - C S2 + B N^-be",
          "Tissue et al. 2024, arXiv 2408.11029, section 4.3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double powerS = Math.exp(-theta[2] * logX[0]);
    double powerN = Math.exp(-theta[5] * logX[2]);
    double termS = theta[1] * powerS;
    double termN = theta[4] * powerN;
    gradient[0] = 1;
    gradient[1] = powerS;
    gradient[2] = -logX[0] * termS;
    gradient[3] = -x[1];
    gradient[4] = powerN;
    gradient[5] = -logX[2] * termN;
    return theta[0] + termS - theta[3] * x[1] + termN;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0],
      theta[1] * Math.pow(factors[0], theta[2]),
      theta[2],
      theta[3] / factors[1],
      theta[4] * Math.pow(factors[2], theta[5]),
      theta[5]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(1.6, 1.2, 0.5, 1.3, 1.5, 0.35)
        .over(new double[] {0.05, 0, 0.01}, new double[] {50, 0.4, 100});
  }
}
