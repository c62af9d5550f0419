package dev.headroom.head;

/** Names the implementations of the head's kernels, best first. */
public enum Backend {
  /** NVIDIA GPUs, by native kernels. */
  CUDA,
  /** The CPU, by native kernels and the BLAS that PyTorch brings. */
  NATIVE_CPU,
  /** Tiled DJL operations, on any device that DJL runs on. */
  PORTABLE,
  /** Plain loops in float64, for tests; never chosen unless forced. */
  REFERENCE
}
