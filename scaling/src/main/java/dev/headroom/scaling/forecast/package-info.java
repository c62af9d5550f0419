/**
 * Forecasts the loss of a run from its beginning and its schedule.
 *
 * <p>{@link dev.headroom.scaling.forecast.Forecaster} answers a {@link
 * dev.headroom.scaling.forecast.ForecastRequest} with a {@link
 * dev.headroom.scaling.forecast.Forecast}: the loss at a step and bands whose {@link
 * dev.headroom.scaling.forecast.Basis} knows how often they held on public runs. {@link
 * dev.headroom.scaling.forecast.Sibling} is a finished run that lends the shape of its curve.
 *
 * <p>{@link dev.headroom.scaling.forecast.Outlook} keeps the fit for several questions: a {@link
 * dev.headroom.scaling.forecast.Comparison} of schedules ahead, a {@link
 * dev.headroom.scaling.forecast.Proposal} of the best rest, the {@link
 * dev.headroom.scaling.forecast.Reach} of a loss. {@link
 * dev.headroom.scaling.forecast.LiveForecast} takes one row after another while a run trains.
 * {@link dev.headroom.scaling.forecast.Trial} forecasts finished runs and measures errors and
 * coverage.
 */
package dev.headroom.scaling.forecast;
