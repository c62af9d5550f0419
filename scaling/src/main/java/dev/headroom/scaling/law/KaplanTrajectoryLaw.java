package dev.headroom.scaling.law;

import java.util.List;

/**
 * Follows the loss of a run of any batch size: {@code L = (Nc/N)^aN + (Sc/Smin)^aS}, {@code Smin =
 * S/(1 + Bcrit(L)/B)}, {@code Bcrit = B* / L^(1/aB)}.
 *
 * <p>Written with {@code A = Nc^aN}, {@code C = Sc^aS} and {@code q = log B*}. {@code L} stands on
 * both sides; the right side falls with {@code L}, so there is one solution, bracketed by {@code
 * Bcrit = 0} and found by Newton's method kept inside the bracket; derivatives are those of the
 * implicit function.
 *
 * <p>Source: Kaplan et al. 2020 (arXiv 2001.08361), equations 1.6 and 5.4; use after Su et al. 2024
 * (arXiv 2403.06563).
 */
public record KaplanTrajectoryLaw() implements Law {

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

  @Override
  public String name() {
    return "kaplan-trajectory";
  }

  @Override
  public String formula() {
    return "L = A/N^aN + C ((1 + e^q/(B L^(1/aB)))/S)^aS";
  }

  @Override
  public String source() {
    return "Kaplan et al. 2020, arXiv 2001.08361, eq. 1.6 and 5.4; Su et al. 2024, arXiv 2403.06563";
  }

  @Override
  public List<Variable> variables() {
    return VARIABLES;
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double termN = theta[0] * Math.exp(-theta[2] * logX[0]);
    double termS = theta[1] * Math.exp(-theta[3] * logX[1]);
    double relative = Math.exp(theta[4] - logX[2]);
    double loss = solve(termN, termS, relative, theta[3], theta[5]);
    double logLoss = Math.log(loss);
    double excess = relative * Math.exp(-logLoss / theta[5]);
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

  /** Solves {@code L = termN + termS (1 + relative L^(-1/aB))^aS}. */
  private static double solve(
      double termN, double termS, double relative, double powerS, double powerB) {
    double low = termN + termS;
    double high = termN + termS * Math.pow(1 + relative * Math.pow(low, -1 / powerB), powerS);
    double loss = low;
    for (int round = 0; round < ROUNDS && high < Double.POSITIVE_INFINITY; round++) {
      double excess = relative * Math.pow(loss, -1 / powerB);
      double grown = termS * Math.pow(1 + excess, powerS);
      double over = loss - termN - grown;
      if (over > 0) {
        high = loss;
      } else {
        low = loss;
      }
      double slope = 1 + powerS * grown * excess / ((1 + excess) * powerB * loss);
      double next = loss - over / slope;
      next = next >= low && next <= high ? next : .5 * (low + high);
      if (Math.abs(next - loss) <= 4e-16 * next) {
        return next;
      }
      loss = next;
    }
    return high < Double.POSITIVE_INFINITY ? loss : high;
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
