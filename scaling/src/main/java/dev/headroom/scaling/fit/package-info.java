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
 * <p>Commons Math is used in {@code dev.headroom.scaling.fit.internal} and nowhere else.
 */
package dev.headroom.scaling.fit;
