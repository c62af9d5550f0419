/**
 * Chooses between laws by how they extrapolate, and gives forecasts with bands of measured
 * coverage.
 *
 * <p>{@link dev.headroom.scaling.choice.Runs} is a table of runs that every law reads its variables
 * from. {@link dev.headroom.scaling.choice.LawChoice} compares laws by rolling origin: fitted to
 * the smaller runs, asked for the larger ones. {@link dev.headroom.scaling.choice.BandForecaster}
 * uses the errors of these same forecasts as the width of its bands, and averages over laws,
 * objectives and ranges of the data. {@link dev.headroom.scaling.choice.Influence} says which runs
 * a fit hangs on; {@link dev.headroom.scaling.choice.Comparison} sets two recipes against each
 * other.
 */
package dev.headroom.scaling.choice;
