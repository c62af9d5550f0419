/**
 * Reads logs of training runs and tables of final losses.
 *
 * <p>{@link dev.headroom.scaling.log.LogReader} recognises the kind of a log by content (one class
 * ending in {@code Format} for each) and gives a {@link dev.headroom.scaling.log.Run} (one
 * trajectory, cleaned: rising steps, last value wins) or a {@link dev.headroom.scaling.log.Table}
 * (rows as they are). {@link dev.headroom.scaling.log.ColumnMap} says which column is which, {@link
 * dev.headroom.scaling.log.RowFilter} which rows count, and {@link
 * dev.headroom.scaling.log.Alignment} sets several runs side by side. What was odd in a file is in
 * the notes; what makes it useless is a {@link dev.headroom.scaling.log.LogException}.
 */
package dev.headroom.scaling.log;
