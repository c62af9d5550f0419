/**
 * Measures the rules of {@link dev.headroom.scaling.check}: false alarms on good runs, labelled
 * spikes and divergences found, and faults of known size put into good runs.
 *
 * <p>{@link dev.headroom.scaling.check.trial.CheckTrials} judges runs that it is given, {@link
 * dev.headroom.scaling.check.trial.PublicSets} reads those of a data folder.
 */
package dev.headroom.scaling.check.trial;
