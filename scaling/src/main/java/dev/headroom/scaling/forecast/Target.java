package dev.headroom.scaling.forecast;

/** The place to forecast, on the axes of {@link dev.headroom.scaling.schedule.Descent}. */
record Target(double area, double fall) {}
