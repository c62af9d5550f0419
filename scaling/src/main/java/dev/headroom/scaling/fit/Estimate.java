package dev.headroom.scaling.fit;

import java.io.Serializable;

/**
 * Holds a number with its interval.
 *
 * @param name what the number is
 * @param value the estimate
 * @param low lower end of the interval; NaN where the data give none
 * @param high upper end of the interval; NaN where the data give none
 */
public record Estimate(String name, double value, double low, double high)
    implements Serializable {}
