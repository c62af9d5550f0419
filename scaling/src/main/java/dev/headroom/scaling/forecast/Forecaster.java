package dev.headroom.scaling.forecast;

/**
 * Forecasts the loss of a run from its log so far, the schedule ahead and finished siblings.
 *
 * <p>With siblings that had the same rates, their own curve is carried on (see {@link Twins}).
 * Otherwise the shape {@code L0 + A S^-al - kappa level fall} is fitted to the prefix and the
 * siblings together (see {@link Shape} and {@link dev.headroom.scaling.schedule.Descent}) and
 * carried on from the end of the prefix (see {@link Anchor}). What a fall of the rate wins comes
 * from the curves where they show one, else from a prior, and a note says so. Bands are conformal,
 * see {@link Basis}. One {@link Outlook} answers several questions about one run.
 */
public final class Forecaster {
  private Forecaster() {}

  /**
   * Forecasts the loss at a step.
   *
   * @throws IllegalArgumentException for a question without sense: fewer than 8 points beyond
   *     warm-up, a log longer than the schedule, a step outside it or already logged
   */
  public static Forecast forecast(ForecastRequest request) {
    return Outlook.of(request).at(request.toStep());
  }
}
