package dev.headroom.head.bench;

import dev.headroom.head.HeadOptions;

/**
 * What one head needed for the loss and both gradients of one shape.
 *
 * @param shape N, D, V
 * @param head which head: {@code djl-plain}, {@code headroom-autograd}, {@code headroom-fused}, ...
 * @param engine how the gradients came by the probabilities
 * @param options what the head was made with, or null for DJL's
 * @param seconds median over the repetitions, NaN where it was left out
 * @param speedup DJL's plain head's seconds divided by these, in the same run; NaN where that was
 *     left out
 * @param peakExtraBytes peak resident memory above inputs and gradients
 * @param lossError relative difference of the loss from float64
 * @param note why a number is missing, or empty
 */
public record HeadMeasurement(
    HeadShape shape,
    String head,
    String engine,
    HeadOptions options,
    double seconds,
    double speedup,
    long peakExtraBytes,
    double lossError,
    String note) {}
