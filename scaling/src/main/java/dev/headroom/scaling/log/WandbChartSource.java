package dev.headroom.scaling.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the rows of an exported chart.
 *
 * <p>Every column of a run keeps its name; those of the ranges (__MIN, __MAX) are left out. Runs
 * whose names differ by the number at their end, and whose ranges overlap by less than half, are
 * restarts of one training: a further column with the metric's name holds the value of the newest
 * run whose range holds the row. Runs that overlap more are repeats and stay apart, as do runs of
 * different names. The loss is the column of the loss metric with most values.
 */
final class WandbChartSource implements RowSource {
  private final WandbChart chart;
  private final List<WandbChart.Series> series;
  private final int[] cell;
  private final int[] at;
  private final int axis;
  private final Map<String, String> columns = new LinkedHashMap<>();
  private int row;

  WandbChartSource(WandbChart chart, Cells cells, Faults faults) {
    this.chart = chart;
    axis = cells.add(chart.axis);
    series = new ArrayList<>();
    List<WandbChart.Series> stitched = stitched(faults);
    series.addAll(stitched);
    series.addAll(chart.series);
    cell = new int[series.size()];
    at = new int[series.size()];
    for (int s = 0; s < cell.length; s++) {
      cell[s] = cells.add(series.get(s).column);
    }
    choose(faults);
    faults.note("the export does not say what the chart's axis '" + chart.axis + "' counts");
  }

  private void choose(Faults faults) {
    List<String> metrics = new ArrayList<>();
    for (WandbChart.Series s : series) {
      metrics.add(s.metric);
    }
    for (String quantity : List.of("loss", "val_loss", "lr", "grad_norm", "tokens")) {
      String metric = RunColumns.usual(quantity, metrics);
      metric = metric == null ? LikelyColumns.of(quantity, metrics) : metric;
      if (metric != null && !columns.containsValue(most(metric).column)) {
        columns.put(quantity, most(metric).column);
      }
    }
    WandbChart.Series loss = columns.containsKey("loss") ? byColumn(columns.get("loss")) : null;
    long runs = series.stream().filter(s -> loss != null && s.metric.equals(loss.metric)).count();
    if (runs > 1 && !loss.column.equals(loss.metric)) {
      faults.note(
          runs
              + " columns hold '"
              + loss.metric
              + "': the run is the one with most values, '"
              + loss.column
              + "'; choose another with --map loss=COLUMN");
    }
  }

  private WandbChart.Series byColumn(String column) {
    return series.stream().filter(s -> s.column.equals(column)).findFirst().orElseThrow();
  }

  private WandbChart.Series most(String metric) {
    WandbChart.Series best = null;
    for (WandbChart.Series s : series) {
      if (s.metric.equals(metric) && (best == null || s.size > best.size)) {
        best = s;
      }
    }
    return best;
  }

  private List<WandbChart.Series> stitched(Faults faults) {
    Map<String, List<WandbChart.Series>> groups = new LinkedHashMap<>();
    for (WandbChart.Series s : chart.series) {
      if (s.number() >= 0 && s.size > 0) {
        groups.computeIfAbsent(s.stem() + " - " + s.metric, k -> new ArrayList<>()).add(s);
      }
    }
    List<WandbChart.Series> out = new ArrayList<>();
    for (List<WandbChart.Series> group : groups.values()) {
      group.sort(Comparator.comparingLong(WandbChart.Series::number));
      if (group.size() > 1 && overlap(group) < 0.5) {
        out.add(stitch(group));
        faults.note(
            group.size()
                + " runs '"
                + group.get(0).stem()
                + "...' are stitched to one in column '"
                + group.get(0).metric
                + "', the newer before the older where both have values");
      }
    }
    return out;
  }

  /** Returns by how much the ranges of runs overlap, against the range of all. */
  private static double overlap(List<WandbChart.Series> runs) {
    int least = Integer.MAX_VALUE;
    int most = 0;
    double sum = 0;
    for (WandbChart.Series s : runs) {
      least = Math.min(least, s.row[0]);
      most = Math.max(most, s.row[s.size - 1]);
      sum += s.row[s.size - 1] - s.row[0] + 1;
    }
    return sum / (most - least + 1.0) - 1;
  }

  private WandbChart.Series stitch(List<WandbChart.Series> runs) {
    int[] newest = new int[chart.rows];
    for (int r = 0; r < runs.size(); r++) {
      WandbChart.Series s = runs.get(r);
      java.util.Arrays.fill(newest, s.row[0], s.row[s.size - 1] + 1, r);
    }
    double[] value = new double[chart.rows];
    java.util.Arrays.fill(value, Run.ABSENT);
    for (int r = 0; r < runs.size(); r++) {
      WandbChart.Series s = runs.get(r);
      for (int i = 0; i < s.size; i++) {
        if (newest[s.row[i]] == r) {
          value[s.row[i]] = s.value[i];
        }
      }
    }
    return WandbChart.Series.of(runs.get(0).metric, value);
  }

  @Override
  public boolean next(Cells cells) {
    if (row == chart.rows) {
      return false;
    }
    cells.clear();
    cells.line = chart.line[row];
    cells.set(axis, chart.x[row]);
    for (int s = 0; s < cell.length; s++) {
      WandbChart.Series one = series.get(s);
      if (at[s] < one.size && one.row[at[s]] == row) {
        cells.set(cell[s], one.value[at[s]++]);
      }
    }
    row++;
    return true;
  }

  @Override
  public Map<String, String> columns() {
    return columns;
  }

  @Override
  public boolean mayBeCut() {
    return false;
  }

  @Override
  public boolean namesAreComplete() {
    return true;
  }

  @Override
  public Map<String, String> settings() {
    return Map.of();
  }
}
