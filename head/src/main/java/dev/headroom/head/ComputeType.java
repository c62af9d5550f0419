package dev.headroom.head;

/** The type in which matrix products read their operands; sums are always formed in float32. */
public enum ComputeType {
  /** Operands as they are. */
  FLOAT32,
  /** Operands rounded to bfloat16 inside the kernels; arrays stay float32. */
  BFLOAT16
}
