package dev.headroom.cli;

import dev.headroom.cli.report.Chart;
import dev.headroom.cli.report.FitChart;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Observations;
import java.util.List;
import java.util.Map;

/**
 * The points for one fit, with where they came from.
 *
 * @param data the points; the group of a point is the index of its series
 * @param series names of the groups: one a file where files are trajectories, else one for all
 * @param of index into {@code series} of each point
 * @param columns the column (or other source) behind each variable
 * @param notes what was left out or assumed, one sentence each
 */
record LawPoints(
    Observations data,
    List<String> series,
    int[] of,
    Map<String, String> columns,
    List<String> notes) {

  LawPoints {
    series = List.copyOf(series);
    notes = List.copyOf(notes);
  }

  /** Draws these points with the law fitted to them. */
  Chart chart(Fit fit) {
    String first = fit.law().variables().get(0).name();
    return FitChart.of(fit, data, series, of, columns.getOrDefault(first, first));
  }
}
