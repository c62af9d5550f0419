package dev.headroom.head;

import ai.djl.ndarray.NDArray;

/**
 * The differentiable outputs of each row: what preference and reinforcement losses are built from.
 * Arrays are [N], float32, 0 on ignored rows.
 *
 * @param logProb log-probability {@code z_t - L} of the row's target, in nats
 * @param lse log-sum-exp L of the row's logits
 * @param entropy {@code L - sum_v p_v z_v}, or null where {@link HeadOptions#entropy} is off
 */
public record HeadRows(NDArray logProb, NDArray lse, NDArray entropy) {}
