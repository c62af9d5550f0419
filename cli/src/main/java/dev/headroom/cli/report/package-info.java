/**
 * Charts and pages: what the commands know, made visible.
 *
 * <p>A {@link dev.headroom.cli.report.Chart} says what to draw in data units; {@link
 * dev.headroom.cli.report.ChartLayout} turns it into a {@link dev.headroom.cli.report.Scene} in
 * pixels; {@link dev.headroom.cli.report.SvgPainter} and {@link dev.headroom.cli.report.PngPainter}
 * only paint scenes. {@link dev.headroom.cli.report.ReportPage} puts charts, tables and zoomable
 * curves into one HTML file that needs no network.
 */
package dev.headroom.cli.report;
