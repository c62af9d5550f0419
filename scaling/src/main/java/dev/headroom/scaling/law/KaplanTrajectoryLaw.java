package dev.headroom.scaling.law;

import java.util.List;

/**
 * Follows the loss of a run of any batch size: {@code L = (Nc/N)^aN + (Sc/Smin)^aS}, {@code Smin =
 * S/(1 + Bcrit(L)/B)}, {@code Bcrit = B* / L^(1/aB)}.
 *
 * <p>Written with {@code A = Nc^aN}, {@code C = Sc^aS} and {@code q = log B*}. {@code L} stands on
 * both sides; the right side falls with {@code L}, so there is one solution, found by Newton's
 * method from that of {@code Bcrit = 0} below it; derivatives are those of the implicit function.
 *
 * <p>Source: Kaplan et al. 2020 (arXiv 2001.08361), equations 1.6 and 5.4; use after Su et al. 2024
 * (arXiv 2403.06563).
 */
public record KaplanTrajectoryLaw() implements PublishedLaw {

  private static final int ROUNDS = 100;

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model, without embeddings"),
          new Variable("s", "steps", "optimiser steps taken"),
          new Variable("b", "tokens", "tokens in a batch"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          positive("A", "loss * parameters^aN", "loss after endless training at n = 1", .7, 1.5, 3),
          positive("C", "loss * steps^aS", "loss left by few steps at s = 1", .7, 2, 6),
          power("aN", "how fast the loss falls with parameters", .05, .1, .25, .5),
          power("aS", "how fast the loss falls with steps", .3, .6, 1),
          Parameter.nonlinear(
              "q",
              "log of tokens",
              Double.NEGATIVE_INFINITY,
              Double.POSITIVE_INFINITY,
              "logarithm of the critical batch at a loss of 1",
              0,
              2,
              4,
              7),
          power("aB", "how fast the critical batch grows as the loss falls", .15, .3, .6));

  private static Parameter positive(String name, String unit, String meaning, double... starts) {
    return Parameter.nonlinear(name, unit, 0, Double.POSITIVE_INFINITY, meaning, starts);
  }

  private static Parameter power(String name, String meaning, double... starts) {
    return Parameter.nonlinear(name, "1", .01, 10, meaning, starts);
  }

  private static final Card CARD =
      new Card(
          "kaplan-trajectory",
          "L = A/N^aN + C ((1 + e^q/(B L^(1/aB)))/S)^aS",
          "Kaplan et al. 2020, arXiv 2001.08361, eq. 1.6 and 5.4; Su et al. 2024, arXiv 2403.06563",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double termN = theta[0] * Math.exp(-theta[2] * logX[0]);
    double termS = theta[1] * Math.exp(-theta[3] * logX[1]);
    double logRelative = theta[4] - logX[2];
    double loss = solve(termN, termS, logRelative, theta[3], theta[5]);
    double logLoss = Math.log(loss);
    double excess = Math.exp(logRelative - logLoss / theta[5]);
    double grown = Math.exp(theta[3] * Math.log1p(excess));
    double byExcess = termS * theta[3] * grown / (1 + excess) * excess;
    double denominator = 1 + byExcess / (theta[5] * loss);
    gradient[0] = termN / theta[0] / denominator;
    gradient[1] = termS * grown / theta[1] / denominator;
    gradient[2] = -logX[0] * termN / denominator;
    gradient[3] = termS * grown * (Math.log1p(excess) - logX[1]) / denominator;
    gradient[4] = byExcess / denominator;
    gradient[5] = byExcess * logLoss / (theta[5] * theta[5]) / denominator;
    return loss;
  }

  /**
   * Solves {@code L = termN + termS (1 + relative L^(-1/aB))^aS} for {@code u = log L}: the
   * logarithm of the right side, less u, is convex and falls, so Newton's steps from below never
   * pass the solution.
   */
  private static double solve(
      double termN, double termS, double logRelative, double powerS, double powerB) {
    double logN = Math.log(termN);
    double logS = Math.log(termS);
    double u = Math.log(termN + termS);
    for (int round = 0; round < ROUNDS; round++) {
      double t = logRelative - u / powerB;
      double grown = logS + powerS * (t > 40 ? t : Math.log1p(Math.exp(t)));
      double top = Math.max(logN, grown);
      double total = top + Math.log1p(Math.exp(Math.min(logN, grown) - top));
      double slope = 1 + Math.exp(grown - total) * powerS / (powerB * (1 + Math.exp(-t)));
      double step = (total - u) / slope;
      u += step;
      if (!(Math.abs(step) > 1e-16 * Math.max(1, Math.abs(u)))) {
        break;
      }
    }
    return Math.exp(u);
  }

  /** Returns the loss after endless training. */
  public double minimumLoss(double n, double[] theta) {
    return theta[0] * Math.pow(n, -theta[2]);
  }

  /** Returns the critical batch at a loss, in tokens. */
  public double criticalBatch(double loss, double[] theta) {
    return Math.exp(theta[4]) * Math.pow(loss, -1 / theta[5]);
  }

  /**
   * Returns the steps to a loss at a batch size; infinite where training never gets there. Times
   * the batch these are the tokens.
   */
  public double stepsTo(double loss, double n, double batch, double[] theta) {
    double rest = loss - minimumLoss(n, theta);
    return rest > 0
        ? (1 + criticalBatch(loss, theta) / batch) * Math.pow(theta[1] / rest, 1 / theta[3])
        : Double.POSITIVE_INFINITY;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    return new double[] {
      theta[0] * Math.pow(factors[0], theta[2]),
      theta[1] * Math.pow(factors[1], theta[3]),
      theta[2],
      theta[3],
      theta[4] + Math.log(factors[2]),
      theta[5]
    };
  }

  @Override
  public Typical typical() {
    return Typical.of(1.8, 2.2, .3, .6, 1.5, .5)
        .over(new double[] {.1, .3, .1}, new double[] {100, 1000, 100});
  }
}
