package dev.headroom.cli.report;

import dev.headroom.cli.report.Scene.Anchor;
import dev.headroom.cli.report.Scene.Area;
import dev.headroom.cli.report.Scene.Mark;
import dev.headroom.cli.report.Scene.Path;
import dev.headroom.cli.report.Scene.Text;
import java.util.List;

/** Places the names of the layers in at most three rows above the plot. */
final class ChartLegend {

  private static final double SIZE = 12;
  private static final double ROW = 20;
  private static final double SWATCH = 24;
  private static final double GAP = 18;
  private static final double MOST_NAME = 260;

  private final List<Layer> named;
  private final double left;
  private final double right;
  private double x;
  private double y;
  private int row;

  ChartLegend(List<Layer> layers, double left, double right, double top) {
    this.named =
        layers.stream().filter(l -> !l.name().isEmpty() && !(l instanceof Layer.Rule)).toList();
    this.left = left;
    this.right = right;
    this.x = left;
    this.y = top;
  }

  /** Adds the marks and returns the y below them. */
  double place(List<Mark> marks) {
    if (named.isEmpty()) {
      return y - 8;
    }
    for (int i = 0; i < named.size(); i++) {
      Layer layer = named.get(i);
      String name = TextWidth.fitted(layer.name(), SIZE, MOST_NAME);
      double needed = SWATCH + TextWidth.of(name, SIZE, false);
      double reserve = row == 2 && i < named.size() - 1 ? 90 : 0;
      if (x + needed + reserve > right && x > left) {
        if (row == 2) {
          String rest = "and " + (named.size() - i) + " more";
          marks.add(new Text(x, y + 4, rest, Anchor.START, SIZE, false, Ink.MUTED, false));
          break;
        }
        row++;
        x = left;
        y += ROW;
      }
      swatch(layer, marks);
      marks.add(new Text(x + SWATCH, y + 4, name, Anchor.START, SIZE, false, Ink.TEXT, false));
      x += needed + GAP;
    }
    return y + 10;
  }

  private void swatch(Layer layer, List<Mark> marks) {
    Ink ink = Ink.series(layer.series());
    double[] across = {x, x + 18};
    if (layer instanceof Layer.Line line) {
      marks.add(new Path(across, new double[] {y, y}, ink, 2, line.dashed(), false));
    } else if (layer instanceof Layer.Points) {
      marks.add(LayerPlacer.point(x + 9, y, layer.series(), false));
    } else {
      double[] boxX = {x, x + 18, x + 18, x};
      double[] boxY = {y - 5, y - 5, y + 5, y + 5};
      marks.add(new Area(boxX, boxY, ink, LayerPlacer.BAND_OPACITY, false));
    }
  }
}
