/**
 * Forecasts the loss of a run from its beginning and its schedule.
 *
 * <p>{@link dev.headroom.scaling.forecast.Forecaster} answers a {@link
 * dev.headroom.scaling.forecast.ForecastRequest} with a {@link
 * dev.headroom.scaling.forecast.Forecast}: the loss at a step and a band made from the errors of
 * forecasts at the same distance. {@link dev.headroom.scaling.forecast.Sibling} is a finished run
 * that lends the shape of its curve.
 */
package dev.headroom.scaling.forecast;
