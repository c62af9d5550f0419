package dev.headroom.scaling.law;

import java.util.List;

/**
 * Grows with repeated samples as an exponentiated power law: coverage {@code exp(-A K^-b)}.
 *
 * <p>{@code -log(coverage)} falls as a power of the samples.
 *
 * <p>Source: Brown et al. 2024 (arXiv 2407.21787), equation 2.
 */
public record CoveragePowerLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("k", "samples", "samples drawn for each problem", Variable.Domain.COUNT));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.nonlinear(
              "A",
              "1",
              0,
              Double.POSITIVE_INFINITY,
              "minus the log of coverage with one sample",
              .1,
              .3,
              .6,
              1,
              1.5,
              2.5,
              4,
              7,
              12),
          Parameter.nonlinear(
              "b",
              "1",
              0,
              10,
              "how fast the log of coverage falls",
              .02,
              .05,
              .1,
              .2,
              .3,
              .4,
              .6,
              .9,
              1.3));

  private static final Card CARD =
      new Card(
          "coverage-power",
          "exp(-A K^-b)",
          "Brown et al. 2024, arXiv 2407.21787, eq. 2",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double power = Math.exp(-theta[1] * logX[0]);
    double value = Math.exp(-theta[0] * power);
    gradient[0] = -power * value;
    gradient[1] = theta[0] * power * logX[0] * value;
    return value;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return theta.clone();
  }

  @Override
  public Typical typical() {
    return Typical.of(1.6, 0.35).over(new double[] {1}, new double[] {1000});
  }
}
