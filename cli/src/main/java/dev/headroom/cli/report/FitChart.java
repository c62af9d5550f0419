package dev.headroom.cli.report;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.Observations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Draws a law among the points it was fitted to.
 *
 * <p>One variable: curve and band over the points. The annealing law: loss against S1, run by run.
 * Several variables with few values of the first: a curve for each value. Else observed against
 * fitted losses.
 */
public final class FitChart {

  private static final int MOST_CURVES = 6;
  private static final int CURVE_POINTS = 120;

  private final Fit fit;
  private final Observations data;
  private final List<Layer> layers = new ArrayList<>();

  private FitChart(Fit fit, Observations data) {
    this.fit = fit;
    this.data = data;
  }

  /**
   * Draws a fit.
   *
   * @param fit the fit
   * @param data its points
   * @param series names of the files the points came from
   * @param of index into {@code series} of each point
   * @param x what the variable of a law of one variable is: tokens, step
   */
  public static Chart of(Fit fit, Observations data, List<String> series, int[] of, String x) {
    FitChart chart = new FitChart(fit, data);
    if (fit.law().variables().size() == 1) {
      return chart.curve(series, of, x);
    }
    if (fit.law().name().equals("annealing")) {
      return chart.trajectories(series, of);
    }
    double[] first = chart.distinctFirst();
    return first.length <= MOST_CURVES && first.length < data.size()
        ? chart.family(first)
        : chart.observedAgainstFitted();
  }

  private Chart curve(List<String> series, int[] of, String xName) {
    double[] x = Arrays.stream(data.x()).mapToDouble(row -> row[0]).toArray();
    double[] grid = grid(x);
    double[] y = new double[grid.length];
    double[] low = new double[grid.length];
    double[] high = new double[grid.length];
    for (int i = 0; i < grid.length; i++) {
      Estimate at = fit.predictionInterval(fit.level(), grid[i]);
      y[i] = at.value();
      low[i] = at.low();
      high[i] = at.high();
    }
    String level = RunCharts.percent(fit.level()) + " band of one new point";
    layers.add(new Layer.Band(level, 0, grid, low, high));
    for (int s = 0; s < series.size(); s++) {
      pointsOf(series.get(s), s + 1, of, s, 0);
    }
    layers.add(new Layer.Line(fit.law().name() + ": " + fit.law().formula(), 0, grid, y, false));
    return chart(xName, Scale.LOG, Scale.LOG);
  }

  private void pointsOf(String name, int colour, int[] of, int which, int variable) {
    int count = (int) Arrays.stream(of).filter(g -> g == which).count();
    double[] x = new double[count];
    double[] y = new double[count];
    int kept = 0;
    for (int i = 0; i < of.length; i++) {
      if (of[i] == which) {
        x[kept] = data.x()[i][variable];
        y[kept++] = data.loss()[i];
      }
    }
    if (count > 60) {
      layers.add(new Layer.Line(name, colour, x, y, false));
    } else {
      layers.add(new Layer.Points(name, colour, x, y));
    }
  }

  private Chart trajectories(List<String> series, int[] of) {
    for (int s = 0; s < series.size(); s++) {
      pointsOf(series.get(s), s, of, s, 0);
      int which = s;
      double[][] rows = select(of, which);
      double[] x = Arrays.stream(rows).mapToDouble(row -> row[0]).toArray();
      double[] y = Arrays.stream(rows).mapToDouble(fit::predict).toArray();
      String name = s == 0 ? "dashed: " + fit.law().formula() : "";
      layers.add(new Layer.Line(name, s, x, y, true));
    }
    return chart("S1, the area under the learning rate", Scale.LOG, Scale.LOG);
  }

  private double[][] select(int[] of, int which) {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < of.length; i++) {
      if (of[i] == which) {
        rows.add(data.x()[i]);
      }
    }
    return rows.toArray(new double[0][]);
  }

  private double[] distinctFirst() {
    TreeSet<Double> values = new TreeSet<>();
    for (double[] row : data.x()) {
      values.add(row[0]);
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private Chart family(double[] first) {
    int other = 1;
    double[] all = Arrays.stream(data.x()).mapToDouble(row -> row[other]).toArray();
    double[] grid = grid(all);
    for (int k = 0; k < first.length; k++) {
      double value = first[k];
      double[] y = Arrays.stream(grid).map(g -> fit.predict(value, g)).toArray();
      layers.add(new Layer.Line("", k, grid, y, false));
      int[] mark = Arrays.stream(data.x()).mapToInt(row -> row[0] == value ? 1 : 0).toArray();
      String name = fit.law().variables().get(0).name() + " = " + Ticks.label(value, value / 100);
      pointsOf(name, k, mark, 1, other);
    }
    return chart(
        fit.law().variables().get(other).name() + ", " + fit.law().variables().get(other).unit(),
        Scale.LOG,
        Scale.LOG);
  }

  private Chart observedAgainstFitted() {
    double[] fitted = Arrays.stream(data.x()).mapToDouble(fit::predict).toArray();
    double least = Math.min(min(fitted), min(data.loss()));
    double most = Math.max(max(fitted), max(data.loss()));
    double[] ends = {least, most};
    layers.add(new Layer.Line("equal", 5, ends, ends, true));
    layers.add(new Layer.Points("points", 0, fitted, data.loss()));
    return chart("fitted loss, " + fit.law().formula(), Scale.LOG, Scale.LOG);
  }

  private Chart chart(String xLabel, Scale xScale, Scale yScale) {
    StringBuilder alt = new StringBuilder();
    alt.append("The law ").append(fit.law().formula()).append(" fitted to ");
    alt.append(fit.points()).append(" points:");
    for (Estimate e : fit.estimates()) {
      alt.append(String.format(Locale.ROOT, " %s = %.4g", e.name(), e.value()));
    }
    return new Chart(
        "Law " + fit.law().name() + " and its " + fit.points() + " points",
        alt + ".",
        xLabel,
        xScale,
        "loss, nats per token",
        yScale,
        layers);
  }

  private static double[] grid(double[] x) {
    double from = Math.log(min(x));
    double to = Math.log(max(x));
    double[] grid = new double[CURVE_POINTS];
    for (int i = 0; i < grid.length; i++) {
      grid[i] = Math.exp(from + (to - from) * i / (grid.length - 1));
    }
    return grid;
  }

  private static double min(double[] values) {
    return Arrays.stream(values).min().orElse(Double.NaN);
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElse(Double.NaN);
  }
}
