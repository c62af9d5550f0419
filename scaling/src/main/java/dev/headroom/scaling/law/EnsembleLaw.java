package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with parameters and with members of an ensemble on fixed data: {@code E + A/N^a + B/K^b}.
 *
 * <p>{@code E} is the joint asymptote: what these data give with endless compute. Along one of the
 * two it is {@code power}.
 *
 * <p>Source: Kim et al. 2025 (arXiv 2509.14786), section 4.
 */
public record EnsembleLaw() implements TwoPowersLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of one member"),
          new Variable("k", "members", "members of the ensemble"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("E", "loss", "loss of endlessly many endless members"),
          Parameter.prefactor("A", "loss * parameters^a", "loss left by finite members at n = 1"),
          Parameter.prefactor("B", "loss", "loss left by few members at k = 1"),
          Parameter.exponent("a", "how fast the loss falls with parameters"),
          Parameter.exponent("b", "how fast the loss falls with members"));

  private static final Card CARD =
      new Card(
          "ensemble",
          "E + A/N^a + B/K^b",
          "Kim et al. 2025, arXiv 2509.14786, section 4",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public Typical typical() {
    return Typical.of(1.6, 1.5, 1.4, 0.4, 0.9).over(new double[] {0.05, 1}, new double[] {100, 64});
  }
}
