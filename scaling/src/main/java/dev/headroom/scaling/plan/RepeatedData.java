package dev.headroom.scaling.plan;

/**
 * Plans a budget when only so many different tokens exist, so that they are seen several times.
 *
 * <p>{@code E + A/N'^a + B/D'^b} with {@code D' = U + U R_D (1 - exp(-(D/U - 1)/R_D))}, and {@code
 * N'} in the same way from {@code U_N = min(N, N*(U))}, the size whose best number of tokens is U.
 * The constants R_D 15.3878 and R_N 5.3097 are published; the data behind them leave R_D open from
 * 12 to 200, so plans with more than some 4 epochs are known roughly.
 *
 * <p>Source: Muennighoff et al. 2023 (arXiv 2305.16264), equations 5 and 6.
 */
public final class RepeatedData {

  /** Published constant of repeated tokens. */
  public static final double TOKENS = 15.3878;

  /** Published constant of excess parameters. */
  public static final double PARAMS = 5.3097;

  private final ChinchillaPlan law;
  private final double unique;
  private final double constant;

  /**
   * Takes a law for data seen once.
   *
   * @param unique different tokens at hand
   * @param constant R_D, for example {@link #TOKENS}
   */
  public RepeatedData(ChinchillaPlan law, double unique, double constant) {
    this.law = law;
    this.unique = ChinchillaPlan.positive("unique tokens", unique);
    this.constant = ChinchillaPlan.positive("R_D", constant);
  }

  /** Returns the loss; data seen at most once follow the law itself. */
  public double loss(double params, double tokens) {
    double enough = Math.min(params, law.paramsFor(Math.min(unique, tokens)));
    return law.loss(
        tokens <= unique ? params : worth(params, enough, PARAMS),
        worth(tokens, Math.min(unique, tokens), constant));
  }

  private static double worth(double all, double once, double constant) {
    return once + once * constant * -Math.expm1(-(all / once - 1) / constant);
  }

  /** Returns the best split of a budget. */
  public ChinchillaPlan.Split optimum(double flops) {
    double product = flops / 6;
    double centre = Math.log(law.optimum(flops).params());
    double params =
        Math.exp(
            LineSearch.least(
                logN -> loss(Math.exp(logN), product / Math.exp(logN)), centre - 3, centre + 6));
    double tokens = product / params;
    return new ChinchillaPlan.Split(params, tokens, loss(params, tokens));
  }
}
