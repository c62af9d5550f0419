package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with parameters and tokens without a floor: {@code [(Nc/N)^(aN/aD) + Dc/D]^aD}.
 *
 * <p>Written with {@code A = Nc^aN} and {@code B = Dc^aD}, the losses that one of the two alone
 * would leave at 1: {@code [(A/N^aN)^(1/aD) + (B/D^aD)^(1/aD)]^aD}. So {@code Nc = A^(1/aN)} and
 * {@code Dc = B^(1/aD)}. Fits well and extrapolates worse than Chinchilla's form: compare them by
 * forecasts of larger runs.
 *
 * <p>Source: Kaplan et al. 2020 (arXiv 2001.08361), equation 1.5.
 */
public record KaplanLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model, without embeddings"),
          new Variable("d", "tokens", "tokens seen in training"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          Parameter.nonlinear(
              "A",
              "loss * parameters^aN",
              0,
              Double.POSITIVE_INFINITY,
              "loss of a model with n = 1 and endless data",
              .5,
              1,
              2,
              4,
              8),
          Parameter.nonlinear(
              "B",
              "loss * tokens^aD",
              0,
              Double.POSITIVE_INFINITY,
              "loss of an endless model with d = 1",
              .5,
              1,
              2,
              4,
              8),
          Parameter.nonlinear(
              "aN",
              "1",
              0,
              10,
              "how fast the loss falls with parameters",
              .03,
              .06,
              .12,
              .25,
              .5,
              1),
          Parameter.nonlinear(
              "aD",
              "1",
              .001,
              10,
              "how fast the loss falls with tokens",
              .03,
              .06,
              .12,
              .25,
              .5,
              1));

  private static final Card CARD =
      new Card(
          "kaplan",
          "[(A/N^aN)^(1/aD) + (B/D^aD)^(1/aD)]^aD",
          "Kaplan et al. 2020, arXiv 2001.08361, eq. 1.5",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double logFirst = (Math.log(theta[0]) - theta[2] * logX[0]) / theta[3];
    double logSecond = Math.log(theta[1]) / theta[3] - logX[1];
    double larger = Math.max(logFirst, logSecond);
    double logSum = larger + Math.log(Math.exp(logFirst - larger) + Math.exp(logSecond - larger));
    double first = Math.exp(logFirst - logSum);
    double second = Math.exp(logSecond - logSum);
    double value = Math.exp(theta[3] * logSum);
    gradient[0] = value * first / theta[0];
    gradient[1] = value * second / theta[1];
    gradient[2] = -value * first * logX[0];
    gradient[3] = value * (logSum - first * logFirst - second * (logSecond + logX[1]));
    return value;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0] * Math.pow(factors[0], theta[2]),
      theta[1] * Math.pow(factors[1], theta[3]),
      theta[2],
      theta[3]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(2.5, 2, 0.3, 0.45).over(new double[] {0.01, 0.01}, new double[] {100, 100});
  }
}
