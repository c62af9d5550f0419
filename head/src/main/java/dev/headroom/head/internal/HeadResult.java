package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;

/**
 * What the kernels return. Arrays are float32 and belong to the manager of the hidden states; what
 * was not wanted is null.
 *
 * @param nll lse minus the target's logit for each row, 0 on ignored rows
 * @param lse log-sum-exp of each row's logits, 0 on ignored rows
 * @param dE gradient of the hidden states [N,D], 0 on ignored rows
 * @param dC gradient of the classifier [V,D]: a new array, or the one it was added to
 * @param dB gradient of the bias [V], likewise
 */
public record HeadResult(float[] nll, float[] lse, NDArray dE, NDArray dC, NDArray dB) {}
