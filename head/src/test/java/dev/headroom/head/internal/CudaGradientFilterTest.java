package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;

/** The filter of the CUDA rung, on an emulated device. */
class CudaGradientFilterTest extends GradientFilterTest {

  @Override
  Rung rung() {
    return new Rung(Backend.CUDA, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO);
  }
}
