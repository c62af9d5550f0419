package dev.headroom.head.internal;

/**
 * What the kernels that compare two heads return.
 *
 * @param values divergence of each row, unscaled; 0 on ignored rows
 * @param gradients dE, dC and dB of the student, each null where not wanted; no statistics
 */
public record DivergenceResult(float[] values, HeadResult gradients) {}
