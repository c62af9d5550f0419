package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** Places a chart's layers in the plot. */
final class LayerPlacer {

  static final double BAND_OPACITY = 0.25;

  private static final double RADIUS = 4;

  private final DoubleUnaryOperator toX;
  private final DoubleUnaryOperator toY;
  private final List<Mark> marks;
  private final Chart chart;
  private int rules;

  LayerPlacer(DoubleUnaryOperator toX, DoubleUnaryOperator toY, List<Mark> marks, Chart chart) {
    this.toX = toX;
    this.toY = toY;
    this.marks = marks;
    this.chart = chart;
  }

  /** Places every layer in the plot {left, top, right, bottom}. */
  void placeAll(double[] plot) {
    for (Layer layer : chart.layers()) {
      if (layer instanceof Layer.Line line) {
        line(line);
      } else if (layer instanceof Layer.Points points) {
        points(points);
      } else if (layer instanceof Layer.Band band) {
        band(band);
      } else if (layer instanceof Layer.Rule rule) {
        rule(rule, plot);
      }
    }
  }

  private void line(Layer.Line line) {
    double[] x = map(toX, line.x());
    double[] y = map(toY, line.y());
    int start = 0;
    for (int i = 0; i <= x.length; i++) {
      boolean gap = i == x.length || Double.isNaN(x[i]) || Double.isNaN(y[i]);
      if (gap) {
        stroke(Arrays.copyOfRange(x, start, i), Arrays.copyOfRange(y, start, i), line);
        start = i + 1;
      }
    }
  }

  private void stroke(double[] x, double[] y, Layer.Line line) {
    if (x.length == 0) {
      return;
    }
    Ink ink = Ink.series(line.series());
    if (x.length == 1) {
      marks.add(point(x[0], y[0], line.series(), true));
      return;
    }
    double[][] thin = thinned(x, y);
    marks.add(new Path(thin[0], thin[1], ink, 1.8, line.dashed(), true));
  }

  /**
   * Keeps the first, least, greatest and last point of every pixel column: what is painted looks
   * the same and 100,000 points fit in a small file.
   */
  static double[][] thinned(double[] x, double[] y) {
    double[] outX = new double[x.length];
    double[] outY = new double[x.length];
    int kept = 0;
    for (int from = 0; from < x.length; ) {
      int to = from + 1;
      while (to < x.length && Math.floor(x[to]) == Math.floor(x[from])) {
        to++;
      }
      int least = from;
      int most = from;
      for (int i = from; i < to; i++) {
        least = y[i] < y[least] ? i : least;
        most = y[i] > y[most] ? i : most;
      }
      int[] keep = {from, Math.min(least, most), Math.max(least, most), to - 1};
      for (int k = 0; k < keep.length; k++) {
        if (k == 0 || keep[k] != keep[k - 1]) {
          outX[kept] = x[keep[k]];
          outY[kept++] = y[keep[k]];
        }
      }
      from = to;
    }
    return new double[][] {Arrays.copyOf(outX, kept), Arrays.copyOf(outY, kept)};
  }

  private void points(Layer.Points points) {
    for (int i = 0; i < points.x().length; i++) {
      double x = toX.applyAsDouble(points.x()[i]);
      double y = toY.applyAsDouble(points.y()[i]);
      if (!Double.isNaN(x) && !Double.isNaN(y)) {
        marks.add(point(x, y, points.series(), true));
      }
    }
  }

  /** Makes a point; its shape tells the series apart where colour does not. */
  static Area point(double x, double y, int series, boolean clipped) {
    int corners = new int[] {16, 4, 3, 4}[Math.floorMod(series, 4)];
    double turn = new double[] {0, Math.PI / 4, -Math.PI / 2, 0}[Math.floorMod(series, 4)];
    double radius = corners == 16 ? RADIUS : RADIUS * 1.25;
    double[] px = new double[corners];
    double[] py = new double[corners];
    for (int k = 0; k < corners; k++) {
      px[k] = x + radius * Math.cos(turn + 2 * Math.PI * k / corners);
      py[k] = y + radius * Math.sin(turn + 2 * Math.PI * k / corners);
    }
    return new Area(px, py, Ink.series(series), 0.9, clipped);
  }

  private void band(Layer.Band band) {
    int n = band.x().length;
    double[] x = new double[2 * n];
    double[] y = new double[2 * n];
    int kept = 0;
    for (int i = 0; i < 2 * n; i++) {
      int at = i < n ? i : 2 * n - 1 - i;
      double px = toX.applyAsDouble(band.x()[at]);
      double py = toY.applyAsDouble(i < n ? band.high()[at] : band.low()[at]);
      if (!Double.isNaN(px) && !Double.isNaN(py)) {
        x[kept] = px;
        y[kept++] = py;
      }
    }
    if (kept > 2) {
      Ink ink = Ink.series(band.series());
      double[] cutX = Arrays.copyOf(x, kept);
      marks.add(new Area(cutX, Arrays.copyOf(y, kept), ink, BAND_OPACITY, true));
    }
  }

  private void rule(Layer.Rule rule, double[] plot) {
    double x = toX.applyAsDouble(rule.x());
    if (Double.isNaN(x)) {
      return;
    }
    double[] y = {plot[1], plot[3]};
    marks.add(new Path(new double[] {x, x}, y, Ink.AXIS, 1.2, true, true));
    boolean leftward = x + 8 + TextWidth.of(rule.name(), 11, false) > plot[2];
    double textX = leftward ? x - 6 : x + 6;
    Anchor anchor = leftward ? Anchor.END : Anchor.START;
    double textY = plot[1] + 14 + 15 * rules++;
    marks.add(new Text(textX, textY, rule.name(), anchor, 11, false, Ink.MUTED, false));
  }

  private static double[] map(DoubleUnaryOperator f, double[] values) {
    return Arrays.stream(values).map(f).toArray();
  }
}
