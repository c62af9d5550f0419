package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import dev.headroom.cli.report.Ticks.Tick;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns a {@link Chart} into a {@link Scene}: reserves room for title, legend and labels, then
 * places every layer.
 *
 * <p>Depends on nothing but the chart and the size, so the same chart is the same scene anywhere.
 */
public final class ChartLayout {

  private static final double LABEL_SIZE = 12;
  private static final double TITLE_SIZE = 16;
  private static final double EDGE = 14;

  private final Chart chart;
  private final int width;
  private final int height;
  private final Axis xAxis;
  private final Axis yAxis;
  private final List<Mark> marks = new ArrayList<>();
  private double left;
  private double top;
  private double right;
  private double bottom;

  private ChartLayout(Chart chart, int width, int height) {
    this.chart = chart;
    this.width = width;
    this.height = height;
    this.xAxis = chart.xAxis();
    this.yAxis = chart.yAxis();
  }

  /** Lays the chart out in the usual 800 x 460 pixels. */
  public static Scene scene(Chart chart) {
    return scene(chart, 800, 460);
  }

  /** Lays the chart out in the given size, at least 320 x 240 pixels. */
  public static Scene scene(Chart chart, int width, int height) {
    if (width < 320 || height < 240) {
      throw new IllegalArgumentException(
          "chart size: " + width + " x " + height + " (expected: at least 320 x 240)");
    }
    return new ChartLayout(chart, width, height).build();
  }

  private Scene build() {
    text(EDGE, 26, TextWidth.fitted(chart.title(), TITLE_SIZE * 1.1, width - 2 * EDGE), Ink.TEXT);
    top = new ChartLegend(chart.layers(), EDGE, width - EDGE, 46).place(marks) + 8;
    bottom = height - 50;
    right = width - 24;
    List<Tick> yTicks = Ticks.of(yAxis, (int) Math.max(2, (bottom - top) / 45));
    double widest = 0;
    for (Tick tick : yTicks) {
      widest = Math.max(widest, TextWidth.of(tick.label(), LABEL_SIZE, false));
    }
    left = EDGE + 20 + widest + 8;
    yTicks.forEach(this::yTick);
    xTicks();
    axisLabels();
    LayerPlacer placer = new LayerPlacer(this::px, this::py, marks, chart);
    placer.placeAll(new double[] {left, top, right, bottom});
    frame();
    double[] plot = {left, top, right - left, bottom - top};
    return new Scene(width, height, chart.title(), chart.alt(), plot, marks);
  }

  private void yTick(Tick tick) {
    double y = py(tick.value());
    marks.add(new Path(new double[] {left, right}, new double[] {y, y}, Ink.GRID, 1, false, false));
    marks.add(
        new Text(left - 8, y + 4, tick.label(), Anchor.END, LABEL_SIZE, false, Ink.MUTED, false));
  }

  /** Draws the x ticks, as many as have room for their labels without touching. */
  private void xTicks() {
    List<Tick> ticks = List.of();
    for (int most = (int) ((right - left) / 60); most >= 1; most--) {
      ticks = Ticks.of(xAxis, most);
      if (!crowded(ticks)) {
        break;
      }
    }
    for (Tick tick : ticks) {
      double x = px(tick.value());
      marks.add(
          new Path(new double[] {x, x}, new double[] {top, bottom}, Ink.GRID, 1, false, false));
      marks.add(
          new Text(
              x, bottom + 18, tick.label(), Anchor.MIDDLE, LABEL_SIZE, false, Ink.MUTED, false));
    }
  }

  private boolean crowded(List<Tick> ticks) {
    double free = Double.NEGATIVE_INFINITY;
    for (Tick tick : ticks) {
      double half = TextWidth.of(tick.label(), LABEL_SIZE, false) / 2;
      if (px(tick.value()) - half < free + 10) {
        return true;
      }
      free = px(tick.value()) + half;
    }
    return false;
  }

  private void axisLabels() {
    double middle = (left + right) / 2;
    double centre = (top + bottom) / 2;
    String x = TextWidth.fitted(withScale(xAxis), LABEL_SIZE, right - left);
    String y = TextWidth.fitted(withScale(yAxis), LABEL_SIZE, bottom - top);
    marks.add(new Text(middle, height - 12, x, Anchor.MIDDLE, LABEL_SIZE, false, Ink.TEXT, false));
    marks.add(new Text(EDGE + 10, centre, y, Anchor.MIDDLE, LABEL_SIZE, false, Ink.TEXT, true));
  }

  private static String withScale(Axis axis) {
    return axis.scale() == Scale.LOG ? axis.label() + " (log scale)" : axis.label();
  }

  private void frame() {
    marks.add(
        new Path(
            new double[] {left, left, right},
            new double[] {top, bottom, bottom},
            Ink.AXIS,
            1,
            false,
            false));
  }

  private void text(double x, double y, String text, Ink ink) {
    marks.add(new Text(x, y, text, Anchor.START, TITLE_SIZE, true, ink, false));
  }

  private double px(double value) {
    return chart.xScale().accepts(value)
        ? left + xAxis.fraction(value) * (right - left)
        : Double.NaN;
  }

  private double py(double value) {
    return chart.yScale().accepts(value)
        ? bottom - yAxis.fraction(value) * (bottom - top)
        : Double.NaN;
  }
}
