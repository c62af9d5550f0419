package dev.headroom.scaling.law;

import java.util.List;

/**
 * Grows with repeated samples: coverage {@code F (1 - (1 - p)^K)}.
 *
 * <p>The share of problems of which at least one of {@code K} samples is right, where a share
 * {@code F} can be solved at all and each sample of it is right with probability {@code p}. Real
 * problems differ in {@code p}: see {@code coverage-beta}.
 *
 * <p>Source: Brown et al. 2024 (arXiv 2407.21787), section 3.
 */
public record CoverageLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("k", "samples", "samples drawn for each problem", Variable.Domain.COUNT));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.linear("F", "1", "share of problems that can be solved"),
          Parameter.nonlinear(
              "p",
              "1",
              1e-9,
              .999999,
              "probability that one sample is right",
              1e-4,
              3e-4,
              .001,
              .003,
              .01,
              .03,
              .06,
              .1,
              .2,
              .3,
              .5,
              .7));

  private static final Card CARD =
      new Card(
          "coverage",
          "F (1 - (1 - p)^K)",
          "Brown et al. 2024, arXiv 2407.21787, section 3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double log = Math.log1p(-theta[1]);
    double miss = Math.exp(x[0] * log);
    gradient[0] = 1 - miss;
    gradient[1] = theta[0] * x[0] * miss / (1 - theta[1]);
    return theta[0] * (1 - miss);
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return theta.clone();
  }

  @Override
  public Typical typical() {
    return Typical.of(0.8, 0.08).over(new double[] {1}, new double[] {100});
  }
}
