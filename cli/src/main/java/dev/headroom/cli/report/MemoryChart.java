package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws the peak memory of heads as horizontal bars, grouped by shape, from zero on. */
public final class MemoryChart {

  private static final int WIDTH = 800;
  private static final double BAR = 20;
  private static final double ROW = 27;
  private static final double HEADING = 30;
  private static final double LEFT = 190;
  private static final double RIGHT = WIDTH - 110;

  private final List<Mark> marks = new ArrayList<>();
  private final double most;

  private MemoryChart(double most) {
    this.most = most;
  }

  /**
   * One bar.
   *
   * @param group shape
   * @param name head
   * @param bytes peak memory above inputs and gradients
   */
  public record Bar(String group, String name, double bytes) {}

  /** Draws the bars; bars of one group must follow each other. */
  public static Scene of(List<Bar> bars) {
    double most = Math.max(1, bars.stream().mapToDouble(Bar::bytes).max().orElse(1));
    return new MemoryChart(most).build(bars);
  }

  private Scene build(List<Bar> bars) {
    String title = "Peak memory of loss and gradients, above inputs and gradients";
    marks.add(new Text(14, 26, title, Anchor.START, 16, true, Ink.TEXT, false));
    StringBuilder alt = new StringBuilder("Bars of peak memory:");
    double y = 40;
    String group = "";
    for (Bar bar : bars) {
      if (!bar.group().equals(group)) {
        group = bar.group();
        y += HEADING;
        String heading = "rows, width, classes = " + group.replace(",", ", ");
        marks.add(new Text(14, y - 8, heading, Anchor.START, 12, true, Ink.MUTED, false));
      }
      bar(bar, y);
      y += ROW;
      alt.append(' ').append(bar.group()).append(' ').append(bar.name()).append(' ');
      alt.append(megabytes(bar.bytes())).append(';');
    }
    double[] plot = {0, 0, WIDTH, y + 16};
    return new Scene(WIDTH, (int) y + 16, title, alt.toString(), plot, marks);
  }

  private void bar(Bar bar, double y) {
    double[] axis = {LEFT, LEFT};
    marks.add(new Path(axis, new double[] {y - 4, y + BAR + 4}, Ink.AXIS, 1, false, false));
    double end = LEFT + Math.max(0, bar.bytes()) / most * (RIGHT - LEFT);
    Ink ink = bar.name().startsWith("headroom") ? Ink.S0 : Ink.S1;
    double[] x = {LEFT, end, end, LEFT};
    double[] corners = {y, y, y + BAR, y + BAR};
    marks.add(new Area(x, corners, ink, 1, false));
    double line = y + BAR - 6;
    marks.add(new Text(LEFT - 8, line, bar.name(), Anchor.END, 12, false, Ink.TEXT, false));
    String size = megabytes(bar.bytes());
    marks.add(new Text(end + 8, line, size, Anchor.START, 12, false, Ink.TEXT, false));
  }

  private static String megabytes(double bytes) {
    double mebibytes = bytes / 1048576;
    return mebibytes >= 10_240
        ? String.format(Locale.ROOT, "%.1f GiB", mebibytes / 1024)
        : String.format(Locale.ROOT, "%,.0f MiB", mebibytes);
  }
}
