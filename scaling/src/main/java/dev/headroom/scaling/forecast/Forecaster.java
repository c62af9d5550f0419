package dev.headroom.scaling.forecast;

/** Forecasts the loss of a run. */
public final class Forecaster {
  private Forecaster() {}

  /** Forecasts the loss at a step. */
  public static Forecast forecast(ForecastRequest request) {
    throw new UnsupportedOperationException("to come");
  }
}
