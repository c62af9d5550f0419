package dev.headroom.scaling.forecast;

/** The place to forecast, on the law's axes. */
record Target(double s1, double s2) {}
