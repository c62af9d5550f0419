package dev.headroom.scaling.forecast;

/** A curve on the axes of a schedule. */
interface Line {
  double at(double area, double fall);
}
