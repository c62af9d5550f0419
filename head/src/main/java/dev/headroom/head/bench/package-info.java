/**
 * Measures the head beside DJL's plain one, PyTorch's own heads (in a Python process, where there
 * is one) and the three bare matrix products, in the same run on the same inputs: time as a ratio,
 * peak memory, error of the loss. {@link dev.headroom.head.bench.HeadBench} is the door.
 */
package dev.headroom.head.bench;
