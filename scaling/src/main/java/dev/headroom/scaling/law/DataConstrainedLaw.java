package dev.headroom.scaling.law;

import java.util.List;

/**
 * Falls with parameters and with tokens that are repeated: {@code E + A/N'^a + B/D'^b}.
 *
 * <p>{@code D' = U + U RD (1 - exp(-R/RD))} with {@code R = D/U - 1} repetitions of {@code U}
 * unique tokens, and {@code N' = UN + UN RN (1 - exp(-(N/UN - 1)/RN))} with {@code UN = min(N,
 * Nopt(U))}, where {@code Nopt(U) = (a A / (b B))^(1/a) U^(b/a)} are the parameters that suit
 * {@code U} tokens at best compute. {@code RD} is often flat over decades: heed the intervals. No
 * parameter enters linearly, because {@code Nopt} holds four of them.
 *
 * <p>Source: Muennighoff et al. 2023 (arXiv 2305.16264), equations 5 and 6 and appendix A.
 */
public record DataConstrainedLaw() implements PublishedLaw {

  private static final List<Variable> VARIABLES =
      List.of(
          new Variable("n", "parameters", "parameters of the model"),
          new Variable("d", "tokens", "tokens seen in training, repetitions counted"),
          new Variable("u", "tokens", "unique tokens among them, in the unit of d"));

  private static final List<Parameter> PARAMETERS =
      List.of(
          level("E", "loss", "loss of an endless model with endless unique data", .3, 1, 1.7),
          level("A", "loss * parameters^a", "loss left by a finite model at n = 1", .3, 1, 3),
          level("B", "loss * tokens^b", "loss left by finite data at d = 1", .3, 1, 3),
          exponent("a", "how fast the loss falls with parameters"),
          exponent("b", "how fast the loss falls with tokens"),
          level("RN", "1", "excess parameters, in multiples, after which more are in vain", 2, 10),
          level("RD", "1", "repetitions after which more are in vain", 3, 15, 60));

  private static Parameter level(String name, String unit, String meaning, double... starts) {
    return Parameter.nonlinear(name, unit, 0, Double.POSITIVE_INFINITY, meaning, starts);
  }

  private static Parameter exponent(String name, String meaning) {
    return Parameter.nonlinear(name, "1", .001, 10, meaning, .2, .35, .6);
  }

  /**
   * Returns the published parameters: {@code E, A, B, a, b, RN, RD}.
   *
   * <p>Source: the paper's section 6 and code, fitted on C4.
   */
  public static double[] published() {
    return new double[] {
      Math.exp(.6254804),
      Math.exp(6.255414),
      Math.exp(7.3049974),
      .3526596,
      .3526596,
      5.309743,
      15.387756
    };
  }

  private static final Card CARD =
      new Card(
          "data-constrained",
          "E + A/N'^a + B/D'^b, D' = U + U RD (1 - exp(-(D/U - 1)/RD)), N' alike with RN",
          "Muennighoff et al. 2023, arXiv 2305.16264, eq. 5 and 6",
          VARIABLES,
          PARAMETERS);

  @Override
  public Card card() {
    return CARD;
  }

  @Override
  public double evaluate(double[] x, double[] logX, double[] theta, double[] gradient) {
    double logU = Math.min(logX[1], logX[2]);
    double a = theta[3];
    double b = theta[4];
    double ratio = Math.log(a * theta[1] / (b * theta[2]));
    double logBest = (ratio + b * logU) / a;
    boolean excess = logBest < logX[0];
    double base = excess ? Math.exp(logBest) : x[0];
    double unique = Math.min(x[1], x[2]);
    double restN = Math.exp(-(x[0] / base - 1) / theta[5]);
    double restD = Math.exp(-(x[1] / unique - 1) / theta[6]);
    double n = base * (1 + theta[5] * (1 - restN));
    double d = unique * (1 + theta[6] * (1 - restD));
    double powerN = Math.pow(n, -a);
    double powerD = Math.pow(d, -b);
    double slopeN = -a * theta[1] * powerN / n;
    double slopeD = -b * theta[2] * powerD / d;
    double byBest =
        excess ? slopeN * base * (1 + theta[5] * (1 - restN) - restN * x[0] / base) / a : 0;
    gradient[0] = 1;
    gradient[1] = powerN + byBest / theta[1];
    gradient[2] = powerD - byBest / theta[2];
    gradient[3] = -Math.log(n) * theta[1] * powerN + byBest * (1 / a - logBest);
    gradient[4] = -Math.log(d) * theta[2] * powerD + byBest * (logU - 1 / b);
    gradient[5] = slopeN * base * (1 - restN - restN * (x[0] / base - 1) / theta[5]);
    gradient[6] = slopeD * unique * (1 - restD - restD * (x[1] / unique - 1) / theta[6]);
    return theta[0] + theta[1] * powerN + theta[2] * powerD;
  }

  @Override
  public double[] rescaled(double[] theta, double[] factors) {
    double[] scaled = theta.clone();
    scaled[1] = theta[1] * Math.pow(factors[0], theta[3]);
    scaled[2] = theta[2] * Math.pow(factors[1], theta[4]);
    return scaled;
  }

  @Override
  public double[] unitFactors(double[] wanted) {
    double tokens = Math.min(wanted[1], wanted[2]);
    return new double[] {wanted[0], tokens, tokens};
  }

  @Override
  public Typical typical() {
    return Typical.of(1.5, 2, 2.5, .4, .3, 5, 15)
        .over(new double[] {.1, 1, .03}, new double[] {100, 100, 10});
  }
}
