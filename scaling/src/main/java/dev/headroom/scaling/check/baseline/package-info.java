/**
 * Compares a run with golden runs of the same configuration, and keeps those in a folder.
 *
 * <p>A {@link dev.headroom.scaling.check.baseline.BaselineFolder} holds golden runs that no one
 * changes unnoticed. {@link dev.headroom.scaling.check.baseline.BaselineComparison} sets a run
 * beside them: {@code Trajectories} pairs them at equal step, {@code Spread} models how repeats
 * drift apart, {@code Looks} sum the whole trajectory up in a few numbers, {@link
 * dev.headroom.scaling.check.baseline.RepeatPrior} adds what public repeats say about the spread,
 * and {@code Reference} turns them into one of the three verdicts of {@link
 * dev.headroom.scaling.check.baseline.Outcome}. {@link
 * dev.headroom.scaling.check.baseline.RepeatStudy} measures false alarms and power on repeats.
 */
package dev.headroom.scaling.check.baseline;
