package dev.headroom.cli.report;

import java.util.List;

/**
 * Says what a picture shows, in data units and before any layout.
 *
 * @param title the heading
 * @param alt one or two sentences for who cannot see the picture
 * @param xLabel name and unit of x
 * @param xScale scale of x
 * @param yLabel name and unit of y
 * @param yScale scale of y
 * @param layers what is drawn, the first at the bottom
 */
public record Chart(
    String title,
    String alt,
    String xLabel,
    Scale xScale,
    String yLabel,
    Scale yScale,
    List<Layer> layers) {

  /** Copies the layers. */
  public Chart {
    layers = List.copyOf(layers);
  }

  /** Returns the x axis that shows every layer; 0 to 1 (1 to 10 if log) when there is nothing. */
  Axis xAxis() {
    double[] range = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (Layer layer : layers) {
      if (layer instanceof Layer.Line line) {
        widen(range, xScale, line.x(), line.y(), yScale);
      } else if (layer instanceof Layer.Points points) {
        widen(range, xScale, points.x(), points.y(), yScale);
      } else if (layer instanceof Layer.Band band) {
        widen(range, xScale, band.x(), band.high(), yScale);
      } else if (layer instanceof Layer.Rule rule) {
        double[] at = {rule.x()};
        widen(range, xScale, at, at, Scale.LINEAR);
      }
    }
    return axis(xLabel, xScale, range);
  }

  /** Returns the y axis that shows every layer. */
  Axis yAxis() {
    double[] range = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (Layer layer : layers) {
      if (layer instanceof Layer.Line line) {
        widen(range, yScale, line.y(), line.x(), xScale);
      } else if (layer instanceof Layer.Points points) {
        widen(range, yScale, points.y(), points.x(), xScale);
      } else if (layer instanceof Layer.Band band) {
        widen(range, yScale, band.low(), band.x(), xScale);
        widen(range, yScale, band.high(), band.x(), xScale);
      }
    }
    return axis(yLabel, yScale, range);
  }

  private static void widen(
      double[] range, Scale scale, double[] values, double[] partners, Scale partnerScale) {
    for (int i = 0; i < values.length; i++) {
      if (scale.accepts(values[i]) && partnerScale.accepts(partners[i])) {
        range[0] = Math.min(range[0], values[i]);
        range[1] = Math.max(range[1], values[i]);
      }
    }
  }

  private static Axis axis(String label, Scale scale, double[] range) {
    if (range[0] > range[1]) {
      return new Axis(label, scale, scale == Scale.LOG ? 1 : 0, scale == Scale.LOG ? 10 : 1);
    }
    return Axis.around(label, scale, range[0], range[1]);
  }
}
