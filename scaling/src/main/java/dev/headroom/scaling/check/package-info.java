/**
 * Judges a run's trajectory by rules that need nothing but its log.
 *
 * <p>{@link dev.headroom.scaling.check.Checker} applies the rules of {@link
 * dev.headroom.scaling.check.Rules}, one file each, as {@link
 * dev.headroom.scaling.check.CheckOptions} sets them; {@link
 * dev.headroom.scaling.check.LiveChecker} applies the same rules while the rows come. A rule's
 * {@link dev.headroom.scaling.check.RuleInfo} is the one declaration from which flags, rules file,
 * its schema and the explanation come. Each {@link dev.headroom.scaling.check.Finding} says in
 * words what, where and how much, and the {@link dev.headroom.scaling.check.Verdict} fails as
 * {@link dev.headroom.scaling.check.FailOn} says.
 */
package dev.headroom.scaling.check;
