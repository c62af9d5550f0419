package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with parameters and with tokens, each as a power: {@code E + A/N^a + B/D^b}.
 *
 * <p>Needs runs in which N and D vary independently: along D = 20 N the two terms are known only in
 * combination, and the fit says so.
 *
 * <p>Source: Hoffmann et al. 2022 (arXiv 2203.15556), equation 2 and section D.2; refitted by
 * Besiroglu et al. 2024 (arXiv 2404.10102).
 */
public record ChinchillaLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model, without embeddings as a rule"),
          new Variable("d", "tokens", "tokens seen in training"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss of an infinite model with infinite data"),
          Parameter.prefactor("A", "loss * parameters^a", "loss left by a finite model at n = 1"),
          Parameter.prefactor("B", "loss * tokens^b", "loss left by finite data at d = 1"),
          Parameter.exponent("a", "how fast the loss falls with parameters"),
          Parameter.exponent("b", "how fast the loss falls with tokens"));

  private static final Card CARD =
      new Card(
          "chinchilla",
          "E + A/N^a + B/D^b",
          "Hoffmann et al. 2022, arXiv 2203.15556, eq. 2; Besiroglu et al. 2024, arXiv 2404.10102",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double logN = logX[0];
    double logD = logX[1];
    double powerN = Math.exp(-theta[3] * logN);
    double powerD = Math.exp(-theta[4] * logD);
    double termN = theta[1] * powerN;
    double termD = theta[2] * powerD;
    gradient[0] = 1;
    gradient[1] = powerN;
    gradient[2] = powerD;
    gradient[3] = -logN * termN;
    gradient[4] = -logD * termD;
    return theta[0] + termN + termD;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0],
      theta[1] * Math.pow(factors[0], theta[3]),
      theta[2] * Math.pow(factors[1], theta[4]),
      theta[3],
      theta[4]
    };
  }
}
