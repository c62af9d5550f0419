package dev.headroom.scaling.law;

import java.util.List;

/**
 * Gives the best peak learning rate: {@code c N^p D^q}.
 *
 * <p>The points are optima, one for each model size and number of tokens, not losses.
 *
 * <p>Source: Li et al. 2025 (arXiv 2503.04715), equation 1.
 */
public record StepLawRate() implements PowerProductLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model, without embeddings"),
          new Variable("d", "tokens", "tokens seen in training"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("c", "lr", "learning rate at n = d = 1"),
          power("p", "power of parameters"),
          power("q", "power of tokens"));

  private static Parameter power(String name, String meaning) {
    return Parameter.nonlinear(
        name, "1", -10, 10, meaning, -1.5, -1, -.7, -.5, -.3, -.1, .1, .3, .5, .7, 1);
  }

  private static final Card CARD =
      new Card(
          "steplaw-lr",
          "c N^p D^q",
          "Li et al. 2025, arXiv 2503.04715, eq. 1",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public Typical typical() {
    return Typical.of(1.79, -0.713, 0.307).over(new double[] {0.01, 0.01}, new double[] {100, 100});
  }
}
