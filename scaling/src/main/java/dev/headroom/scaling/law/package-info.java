/**
 * Scaling laws: one small record a law, holding its formula, exact gradient, domain and source.
 *
 * <p>A {@link dev.headroom.scaling.law.Law} is a pure function of variables (one row of a table)
 * and parameters (what a fit finds). It knows nothing of data, objectives or fitting; {@code
 * dev.headroom.scaling.fit} knows nothing of any single law. So a new law is one file and one line
 * in {@link dev.headroom.scaling.law.Laws}.
 *
 * <p>{@link dev.headroom.scaling.law.Variable} and {@link dev.headroom.scaling.law.Parameter} say
 * the unit and the domain of each number; {@link dev.headroom.scaling.law.Parameter.Kind} says how
 * a parameter enters the formula, which is what lets a fitter solve most of them exactly.
 */
package dev.headroom.scaling.law;
