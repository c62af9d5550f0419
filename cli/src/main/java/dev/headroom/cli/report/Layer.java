package dev.headroom.cli.report;

import java.util.Arrays;

/**
 * One thing drawn in a chart, in data units; an empty name keeps it out of the legend.
 *
 * <p>{@code series} picks the colour (and the shape of points), from 0 on.
 */
public sealed interface Layer {

  /** Returns the name in the legend. */
  String name();

  /** Returns the number of its colour. */
  int series();

  /** A line through points; a NaN breaks it. */
  record Line(String name, int series, double[] x, double[] y, boolean dashed) implements Layer {
    /** Checks and copies. */
    public Line {
      x = copy(x, y, name);
      y = y.clone();
    }
  }

  /** Single points. */
  record Points(String name, int series, double[] x, double[] y) implements Layer {
    /** Checks and copies. */
    public Points {
      x = copy(x, y, name);
      y = y.clone();
    }
  }

  /** The area between two lines. */
  record Band(String name, int series, double[] x, double[] low, double[] high) implements Layer {
    /** Checks and copies. */
    public Band {
      x = copy(x, low, name);
      copy(low, high, name);
      low = low.clone();
      high = high.clone();
    }
  }

  /** A dashed vertical line with its name written beside it. */
  record Rule(String name, double x) implements Layer {
    @Override
    public int series() {
      return 0;
    }
  }

  private static double[] copy(double[] x, double[] y, String name) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          "layer '" + name + "': " + x.length + " and " + y.length + " values (expected: as many)");
    }
    return Arrays.copyOf(x, x.length);
  }
}
