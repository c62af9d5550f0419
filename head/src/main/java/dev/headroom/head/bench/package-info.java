/**
 * Measures the head beside DJL's plain one in the same run: time as a ratio, peak memory, error of
 * the loss.
 */
package dev.headroom.head.bench;
