package dev.headroom.scaling.law;

import java.util.List;

/**
 * Follows what grows before a run becomes unstable: {@code G N^p R^q}.
 *
 * <p>The largest attention logit or the gradient norm of runs that were stable, by size {@code N}
 * and peak learning rate {@code R}. {@link #rateAt} says at which rate a larger model reaches a
 * level that small ones did not survive (attention logits of about 1e4).
 *
 * <p>Source: Wortsman et al. 2023 (arXiv 2309.14322), section 3.3.
 */
public record GrowthLaw() implements PowerProductLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model"),
          new Variable("r", "lr", "peak learning rate"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.prefactor("G", "size", "size at n = r = 1"),
          Parameter.nonlinear(
              "p", "1", -10, 10, "power of parameters", -1, -.5, -.2, .1, .2, .4, .7, 1, 1.5),
          Parameter.nonlinear(
              "q", "1", -10, 10, "power of the learning rate", -1, -.5, -.2, .2, .5, 1, 1.5, 2, 3));

  private static final Card CARD =
      new Card(
          "growth",
          "G N^p R^q",
          "Wortsman et al. 2023, arXiv 2309.14322, section 3.3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public Typical typical() {
    return Typical.of(2, 0.3, 1.4).over(new double[] {0.01, 0.01}, new double[] {100, 100});
  }

  /**
   * Returns the learning rate at which a model of this size reaches a level: {@code (level / (G
   * N^p))^(1/q)}.
   */
  public double rateAt(double level, double n, double[] theta) {
    return Math.pow(level / (theta[0] * Math.pow(n, theta[1])), 1 / theta[2]);
  }
}
