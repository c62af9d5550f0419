/**
 * Judges a run's trajectory by rules that need nothing but its log.
 *
 * <p>{@link dev.headroom.scaling.check.Checker} applies the rules {@code finite}, {@code spike},
 * {@code divergence} and {@code final} as {@link dev.headroom.scaling.check.CheckOptions} sets
 * them; each {@link dev.headroom.scaling.check.Finding} says in words what, where and how much, and
 * the {@link dev.headroom.scaling.check.Verdict} fails on an error only.
 */
package dev.headroom.scaling.check;
