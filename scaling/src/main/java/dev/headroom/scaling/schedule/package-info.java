/**
 * Learning-rate schedules as text or as a column of rates, and the two areas under them.
 *
 * <p>{@link dev.headroom.scaling.schedule.Schedule} gives the rate of every optimiser step; {@link
 * dev.headroom.scaling.schedule.Areas} turns the rates into the variables S1 and S2 of the
 * learning-rate-annealing law.
 *
 * <p>{@link dev.headroom.scaling.schedule.Descent} is what forecasts see of a schedule: the area
 * under it and how far it has been lowered, with a memory that grows with the run.
 */
package dev.headroom.scaling.schedule;
