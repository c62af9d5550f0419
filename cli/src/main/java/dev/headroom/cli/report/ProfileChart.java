package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import dev.headroom.cli.report.Ticks.Tick;
import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Profile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Draws profiles, one panel a parameter: the rise of the objective along it, the others refitted,
 * in units of the rise at which the interval ends. A well-known parameter gives a parabola; a flat
 * line says that the data do not know it.
 */
public final class ProfileChart {

  private static final int COLUMNS = 3;
  private static final double WIDTH = 280;
  private static final double HEIGHT = 170;
  private static final double TOP = 66;
  private static final double EDGE = 14;
  private static final double ABOVE = 44;
  private static final double BELOW = 30;
  private static final double HIGHEST = 2;

  private final List<Mark> marks = new ArrayList<>();
  private double left;
  private double right;
  private double ceiling;
  private double floor;
  private Axis axis;

  private ProfileChart() {}

  /**
   * Draws the profiles.
   *
   * @param title the heading
   * @param level level of the intervals, as text
   */
  public static Scene of(String title, String level, List<Profile> profiles) {
    return new ProfileChart().build(title, level, profiles);
  }

  private Scene build(String title, String level, List<Profile> profiles) {
    int columns = Math.min(COLUMNS, profiles.size());
    int width = (int) (Math.max(2, columns) * WIDTH + 2 * EDGE);
    int rows = (profiles.size() + columns - 1) / columns;
    int height = (int) (TOP + rows * (ABOVE + HEIGHT + BELOW));
    String note = "rise of the objective, others refitted; dashed: the edge of the " + level;
    marks.add(new Text(EDGE, 26, title, Anchor.START, 16, true, Ink.TEXT, false));
    marks.add(new Text(EDGE, 46, note + " interval", Anchor.START, 12, false, Ink.MUTED, false));
    StringBuilder alt = new StringBuilder("Profiles of the objective:");
    for (int k = 0; k < profiles.size(); k++) {
      left = EDGE + k % columns * WIDTH + 8;
      right = left + WIDTH - 30;
      ceiling = TOP + k / columns * (ABOVE + HEIGHT + BELOW) + ABOVE;
      floor = ceiling + HEIGHT;
      panel(profiles.get(k));
      alt.append(' ').append(words(profiles.get(k))).append(';');
    }
    double[] plot = {0, 0, width, height};
    return new Scene(width, height, title, alt.toString(), plot, marks);
  }

  private void panel(Profile profile) {
    String name = profile.estimate().name();
    marks.add(new Text(left, ceiling - 24, name, Anchor.START, 13, true, Ink.TEXT, false));
    String says = TextWidth.fitted(interval(profile), 11, right - left);
    marks.add(new Text(left, ceiling - 9, says, Anchor.START, 11, false, Ink.MUTED, false));
    double[] range = shown(profile);
    double[] values = profile.values();
    boolean log = range[0] > 0 && range[1] > 20 * range[0];
    axis = Axis.around("", log ? Scale.LOG : Scale.LINEAR, range[0], range[1]);
    for (Tick tick : Ticks.of(axis, 4)) {
      double at = x(tick.value());
      stroke(at, ceiling, at, floor, Ink.GRID, 1, false);
      marks.add(new Text(at, floor + 16, tick.label(), Anchor.MIDDLE, 11, false, Ink.MUTED, false));
    }
    stroke(left, floor, right, floor, Ink.AXIS, 1, false);
    stroke(left, y(1), right, y(1), Ink.AXIS, 1.2, true);
    curve(profile, values, range);
    Area best = LayerPlacer.point(x(profile.estimate().value()), y(0), 0, false);
    marks.add(new Area(best.x(), best.y(), Ink.S0, 1, false));
  }

  /** The curve where it is not far above the edge of the interval; the floor is the estimate. */
  private void curve(Profile profile, double[] values, double[] range) {
    double least = Double.POSITIVE_INFINITY;
    for (double objective : profile.objectives()) {
      least = Math.min(least, objective);
    }
    double rise = profile.threshold() - least;
    List<double[]> kept = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      double height = (profile.objectives()[i] - least) / rise;
      if (values[i] >= range[0] && values[i] <= range[1]) {
        kept.add(new double[] {x(values[i]), y(Math.min(HIGHEST, height))});
      }
    }
    double[] x = kept.stream().mapToDouble(p -> p[0]).toArray();
    double[] y = kept.stream().mapToDouble(p -> p[1]).toArray();
    marks.add(new Path(x, y, Ink.S0, 2, false, false));
  }

  /** Shows the interval and what was walked beyond it, but not far beyond. */
  private static double[] shown(Profile profile) {
    double[] values = profile.values();
    Estimate e = profile.estimate();
    double low = Double.isNaN(e.low()) ? values[0] : e.low();
    double high = Double.isNaN(e.high()) ? values[values.length - 1] : e.high();
    double margin = .25 * (high - low);
    double from = Math.max(values[0], low - margin);
    double to = Math.min(values[values.length - 1], high + margin);
    return new double[] {from, to};
  }

  private static String interval(Profile profile) {
    Estimate e = profile.estimate();
    String numbers = String.format(Locale.ROOT, "%.4g", e.value());
    if (!Double.isNaN(e.low()) && !Double.isNaN(e.high())) {
      return numbers + String.format(Locale.ROOT, ", from %.4g to %.4g", e.low(), e.high());
    }
    if (!Double.isNaN(e.high())) {
      return numbers + String.format(Locale.ROOT, ", at most %.4g; flat below", e.high());
    }
    return !Double.isNaN(e.low())
        ? numbers + String.format(Locale.ROOT, ", at least %.4g; flat above", e.low())
        : numbers + ", flat on both sides";
  }

  private static String words(Profile profile) {
    return profile.estimate().name() + " " + interval(profile);
  }

  private double x(double value) {
    return left + axis.fraction(value) * (right - left);
  }

  private double y(double height) {
    return floor - 6 - height / HIGHEST * (floor - ceiling - 6);
  }

  private void stroke(
      double x0, double y0, double x1, double y1, Ink ink, double width, boolean dashed) {
    double[] x = {x0, x1};
    double[] y = {y0, y1};
    marks.add(new Path(x, y, ink, width, dashed, false));
  }
}
