package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import dev.headroom.cli.report.Ticks.Tick;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Draws means with their intervals as dots, one row a name, one panel a quantity, the single values
 * faint behind them; a dashed line marks the mean of the first row, which others are compared with.
 */
public final class IntervalChart {
  private static final int WIDTH = 800;
  private static final double ROW = 26;
  private static final double TOP = 84;
  private static final double NAMES = 176;
  private static final double GAP = 34;
  private static final double EDGE = 14;

  /**
   * A mean, its interval and what it is the mean of.
   *
   * @param mean of the values
   * @param low end of the interval, NaN for none
   * @param high end of the interval
   * @param values single values
   */
  public record Dot(double mean, double low, double high, double[] values) {
    /** Copies. */
    public Dot {
      values = values.clone();
    }
  }

  /**
   * One quantity.
   *
   * @param label what is measured, with its unit
   * @param dots one for each row
   */
  public record Panel(String label, List<Dot> dots) {
    /** Copies. */
    public Panel {
      dots = List.copyOf(dots);
    }
  }

  private final List<Mark> marks = new ArrayList<>();
  private final double bottom;
  private double left;
  private double right;
  private Axis axis;

  private IntervalChart(int rows) {
    bottom = TOP + ROW * rows;
  }

  /**
   * Draws the panels side by side.
   *
   * @param title the heading
   * @param note what dots and lines are, in a few words
   * @param rows names of the rows
   * @param panels one to three quantities
   */
  public static Scene of(String title, String note, List<String> rows, List<Panel> panels) {
    return new IntervalChart(rows.size()).build(title, note, rows, panels);
  }

  private Scene build(String title, String note, List<String> rows, List<Panel> panels) {
    marks.add(new Text(EDGE, 26, title, Anchor.START, 16, true, Ink.TEXT, false));
    marks.add(new Text(EDGE, 46, note, Anchor.START, 12, false, Ink.MUTED, false));
    for (int i = 0; i < rows.size(); i++) {
      String name = TextWidth.fitted(rows.get(i), 12, NAMES - EDGE - 10);
      marks.add(new Text(NAMES - 10, y(i) + 4, name, Anchor.END, 12, false, Ink.TEXT, false));
    }
    double room = (WIDTH - NAMES - 24 - GAP * (panels.size() - 1)) / panels.size();
    for (int p = 0; p < panels.size(); p++) {
      left = NAMES + p * (room + GAP);
      right = left + room;
      panel(panels.get(p));
    }
    int height = (int) bottom + 40;
    double[] plot = {0, 0, WIDTH, height};
    return new Scene(WIDTH, height, title, alt(rows, panels), plot, marks);
  }

  private double y(int row) {
    return TOP + ROW * (row + 0.5);
  }

  private void panel(Panel panel) {
    String label = TextWidth.fitted(panel.label(), 13, right - left);
    marks.add(new Text(left, TOP - 12, label, Anchor.START, 13, true, Ink.TEXT, false));
    axis = axis(panel);
    for (Tick tick : Ticks.of(axis, 5)) {
      stroke(x(tick.value()), TOP, x(tick.value()), bottom, Ink.GRID, 1, false);
      String text = tick.label();
      double at = x(tick.value());
      marks.add(new Text(at, bottom + 18, text, Anchor.MIDDLE, 12, false, Ink.MUTED, false));
    }
    stroke(left, bottom, right, bottom, Ink.AXIS, 1, false);
    double base = x(panel.dots().get(0).mean());
    stroke(base, TOP, base, bottom, Ink.AXIS, 1.2, true);
    for (int i = 0; i < panel.dots().size(); i++) {
      dot(panel.dots().get(i), y(i), i == 0 ? 5 : 0);
    }
  }

  private static Axis axis(Panel panel) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (Dot dot : panel.dots()) {
      double[] ends = {dot.mean(), dot.low(), dot.high()};
      for (double value : ends) {
        least = Double.isNaN(value) ? least : Math.min(least, value);
        most = Double.isNaN(value) ? most : Math.max(most, value);
      }
      for (double value : dot.values()) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
    }
    return Axis.around(panel.label(), Scale.LINEAR, least, most);
  }

  private void dot(Dot dot, double y, int series) {
    Ink ink = Ink.series(series);
    for (double value : dot.values()) {
      Area point = LayerPlacer.point(x(value), y, 0, false);
      marks.add(new Area(point.x(), point.y(), ink, 0.3, false));
    }
    if (!Double.isNaN(dot.low())) {
      stroke(x(dot.low()), y, x(dot.high()), y, ink, 2, false);
      stroke(x(dot.low()), y - 4, x(dot.low()), y + 4, ink, 2, false);
      stroke(x(dot.high()), y - 4, x(dot.high()), y + 4, ink, 2, false);
    }
    Area mean = LayerPlacer.point(x(dot.mean()), y, 0, false);
    marks.add(new Area(mean.x(), mean.y(), ink, 1, false));
  }

  private double x(double value) {
    return left + axis.fraction(value) * (right - left);
  }

  private void stroke(
      double x0, double y0, double x1, double y1, Ink ink, double width, boolean dashed) {
    double[] x = {x0, x1};
    double[] y = {y0, y1};
    marks.add(new Path(x, y, ink, width, dashed, false));
  }

  private static String alt(List<String> rows, List<Panel> panels) {
    StringBuilder alt = new StringBuilder("Means with intervals:");
    for (Panel panel : panels) {
      alt.append(' ').append(panel.label()).append(':');
      for (int i = 0; i < rows.size(); i++) {
        Dot dot = panel.dots().get(i);
        alt.append(String.format(Locale.ROOT, " %s %.4g", rows.get(i), dot.mean()));
        if (!Double.isNaN(dot.low())) {
          alt.append(String.format(Locale.ROOT, " (%.4g to %.4g)", dot.low(), dot.high()));
        }
        alt.append(';');
      }
    }
    return alt.toString();
  }
}
