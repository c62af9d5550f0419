package dev.headroom.scaling.law;

import java.util.List;

/**
 * Grows with repeated samples on problems that differ: coverage {@code 1 - B(al, be + K)/B(al,
 * be)}.
 *
 * <p>The mean of {@code 1 - (1 - p)^K} where the probability {@code p} of a problem has a beta
 * distribution; {@code B} is the beta function. For many samples what is missing falls as {@code
 * K^-al}: a power law made of exponentials.
 *
 * <p>Source: Schaeffer et al. 2025 (arXiv 2502.17578), section 3.
 */
public record CoverageBetaLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("k", "samples", "samples drawn for each problem", Variable.Domain.COUNT));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.nonlinear(
              "al",
              "1",
              1e-6,
              1e6,
              "how many problems are nearly impossible: few where it is large",
              .05,
              .1,
              .2,
              .3,
              .5,
              .8,
              1.2,
              2,
              4,
              10),
          Parameter.nonlinear(
              "be",
              "1",
              1e-6,
              1e6,
              "how many problems are nearly certain: few where it is large",
              .1,
              .3,
              .6,
              1,
              2,
              4,
              8,
              20,
              60,
              200,
              1000));

  private static final Card CARD =
      new Card(
          "coverage-beta",
          "1 - B(al, be + K)/B(al, be)",
          "Schaeffer et al. 2025, arXiv 2502.17578, section 3",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double al = theta[0];
    double be = theta[1];
    double miss = Math.exp(LogGamma.ratio(be, al) - LogGamma.ratio(be + x[0], al));
    double whole = LogGamma.slope(al + be) - LogGamma.slope(al + be + x[0]);
    gradient[0] = -miss * whole;
    gradient[1] = -miss * (LogGamma.slope(be + x[0]) - LogGamma.slope(be) + whole);
    return 1 - miss;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return theta.clone();
  }

  @Override
  public Typical typical() {
    return Typical.of(0.4, 2.5).over(new double[] {1}, new double[] {1000});
  }
}
