/**
 * Fits a law to observations: the same few steps for every law.
 *
 * <p>{@link dev.headroom.scaling.fit.Fitter} takes a law, {@link
 * dev.headroom.scaling.fit.Observations} and {@link dev.headroom.scaling.fit.FitOptions} and
 * returns a {@link dev.headroom.scaling.fit.Fit}: parameters with intervals, a status and warnings
 * in words. Variables are brought to a common scale first; then the nonlinear parameters are
 * searched on a grid with the linear ones solved exactly (variable projection), and the best starts
 * are refined with exact gradients inside the bounds. A fit that did not converge is a result with
 * a status; a question that makes no sense is an {@link java.lang.IllegalArgumentException}.
 *
 * <p>{@link dev.headroom.scaling.fit.Constraints} say what is known before: fixed and tied
 * parameters, bounds, {@link dev.headroom.scaling.fit.Prior}s. A {@link
 * dev.headroom.scaling.fit.JointFit} holds one fit of several data sets that share parameters; a
 * {@link dev.headroom.scaling.fit.Profile} the objective along one parameter, which shows what the
 * data do not determine; {@link dev.headroom.scaling.fit.Intervals} says where intervals come from;
 * {@link dev.headroom.scaling.fit.Diagnostics} how the optimum was found.
 *
 * <p>Commons Math is used in {@code dev.headroom.scaling.fit.internal} and nowhere else.
 */
package dev.headroom.scaling.fit;
