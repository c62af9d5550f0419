package dev.headroom.head;

/** The type in which matrix products read their operands; sums are always formed in float32. */
public enum ComputeType {
  /** Operands as they are. */
  FLOAT32,
  /** Operands rounded to bfloat16 inside the kernels; arrays stay float32. */
  BFLOAT16,
  /**
   * Float32 operands of which the products read 10 bits of fraction, as NVIDIA's tensor cores do;
   * {@link Backend#CUDA} alone has it, the others refuse it.
   */
  TFLOAT32
}
