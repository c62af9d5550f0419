package dev.headroom.cli.report;

/**
 * A labelled range of values with its scale.
 *
 * @param label what is measured, with its unit
 * @param scale linear or logarithmic
 * @param low least value shown
 * @param high greatest value shown, above {@code low}
 */
public record Axis(String label, Scale scale, double low, double high) {

  /** Share of the range left free beyond the data at either end. */
  private static final double MARGIN = 0.03;

  /** Checks the range. */
  public Axis {
    if (!(low < high) || !scale.accepts(low) || !scale.accepts(high)) {
      throw new IllegalArgumentException(
          "axis '"
              + label
              + "': "
              + low
              + " to "
              + high
              + " (expected: low < high, both finite"
              + (scale == Scale.LOG ? " and above 0)" : ")"));
    }
  }

  /** Makes an axis that shows the given extremes with a small margin, however close they are. */
  static Axis around(String label, Scale scale, double least, double most) {
    double from = scale.warp(least);
    double to = scale.warp(most);
    double span = to - from;
    double floor = Math.max(Math.abs(from), Math.abs(to)) * 1e-3;
    if (span <= floor) {
      double pad = scale == Scale.LOG ? 0.1 : Math.max(floor, 1e-9) * 10;
      return unwarped(label, scale, from - pad, to + pad);
    }
    return unwarped(label, scale, from - MARGIN * span, to + MARGIN * span);
  }

  private static Axis unwarped(String label, Scale scale, double from, double to) {
    return scale == Scale.LINEAR
        ? new Axis(label, scale, from, to)
        : new Axis(label, scale, Math.pow(10, from), Math.pow(10, to));
  }

  /** Returns where the value lies: 0 at {@code low}, 1 at {@code high}. */
  double fraction(double value) {
    double from = scale.warp(low);
    return (scale.warp(value) - from) / (scale.warp(high) - from);
  }
}
