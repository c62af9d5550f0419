package dev.headroom.cli.report;

/** How an axis maps values to positions. */
public enum Scale {
  /** Equal differences are equal distances. */
  LINEAR,
  /** Equal ratios are equal distances; values of zero or less have no place on it. */
  LOG;

  /** Returns the coordinate in which the axis is uniform: {@code v} or {@code log10 v}. */
  double warp(double value) {
    return this == LINEAR ? value : Math.log10(value);
  }

  /** Says whether the value has a place on this scale. */
  boolean accepts(double value) {
    return Double.isFinite(value) && (this == LINEAR || value > 0);
  }
}
