package dev.headroom.scaling.law;

import java.util.List;

/**
 * Gives the best batch size: {@code c D^q}.
 *
 * <p>The points are optima, one for each number of tokens, not losses.
 *
 * <p>Source: Li et al. 2025 (arXiv 2503.04715), equation 1.
 */
public record StepLawBatch() implements PowerProductLaw {

  private static final List<Variable> VARIABLES =
      List.of(new Variable("d", "tokens", "tokens seen in training"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("c", "tokens", "batch at d = 1"),
          Parameter.nonlinear(
              "q",
              "1",
              -10,
              10,
              "power of tokens",
              -1.5,
              -1,
              -.7,
              -.5,
              -.3,
              -.1,
              .1,
              .2,
              .3,
              .4,
              .5,
              .6,
              .7,
              .85,
              1,
              1.5));

  private static final Card CARD =
      new Card(
          "steplaw-batch",
          "c D^q",
          "Li et al. 2025, arXiv 2503.04715, eq. 1",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public Typical typical() {
    return Typical.of(0.58, 0.571).over(new double[] {0.01}, new double[] {100});
  }
}
