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
public record ChinchillaLaw() implements TwoPowersLaw {

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
}
