/**
 * Watches a DJL training run from inside: logs it, judges it, forecasts it, and sees a collapse
 * coming.
 *
 * <p>{@link dev.headroom.listeners.RunListener} turns each batch of a DJL {@code Trainer} into a
 * {@link dev.headroom.listeners.TrainingStep} and hands it to {@link
 * dev.headroom.listeners.StepObserver}s; a hand-written loop makes the steps itself. Observers are
 * {@link dev.headroom.listeners.LossLog} (the canonical log), {@link
 * dev.headroom.listeners.RuleGuard} (the rules of {@code headroom check}: stop the run, leave an
 * update out, call back) and {@link dev.headroom.listeners.ForecastLine}. {@link
 * dev.headroom.listeners.SpectralAlignment} measures chosen layers into further columns of the log,
 * which the rules read.
 */
package dev.headroom.listeners;
