package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with parameters at any number of tokens a parameter: {@code E + A N^-a + B 6^(-a/2) (M
 * N)^-a}.
 *
 * <p>{@code M = D/N}. It is Chinchilla's form with one exponent for both terms, so that all ratios
 * {@code M} share the power of compute {@code C^(-a/2)}, {@code C = 6 M N^2}; few and small runs
 * fix it.
 *
 * <p>Source: Gadre et al. 2024 (arXiv 2403.08540), equation 4.
 */
public record OverTrainingLaw() implements PublishedLaw {

  private static final double HALF_LOG_6 = .5 * Math.log(6);

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model"),
          new Variable("m", "tokens / parameter", "tokens seen for each parameter"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss of an endless model with endless data"),
          Parameter.prefactor("A", "loss * parameters^a", "loss left by a finite model at n = 1"),
          Parameter.prefactor(
              "B", "loss * tokens^a", "loss left by finite data at m n = 1, but for a power of 6"),
          Parameter.exponent("a", "how fast the loss falls with both"));

  private static final Card CARD =
      new Card(
          "overtraining",
          "E + A N^-a + B 6^(-a/2) (M N)^-a",
          "Gadre et al. 2024, arXiv 2403.08540, eq. 4",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double powerN = Math.exp(-theta[3] * logX[0]);
    double powerD = Math.exp(-theta[3] * (HALF_LOG_6 + logX[0] + logX[1]));
    double termN = theta[1] * powerN;
    double termD = theta[2] * powerD;
    gradient[0] = 1;
    gradient[1] = powerN;
    gradient[2] = powerD;
    gradient[3] = -logX[0] * termN - (HALF_LOG_6 + logX[0] + logX[1]) * termD;
    return theta[0] + termN + termD;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double factor = Math.pow(factors[0], theta[3]);
    return new double[] {
      theta[0], theta[1] * factor, theta[2] * factor * Math.pow(factors[1], theta[3]), theta[3]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(1.7, 1.6, 1.4, 0.4).over(new double[] {0.1, 0.1}, new double[] {100, 100});
  }
}
