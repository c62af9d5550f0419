package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.HeadOptions;

/**
 * Runs the native kernels on the CPU, on the memory of DJL's arrays.
 *
 * <p>A row's loss has the same bits whatever the other rows, the threads, the workspace and the
 * engine; gradients whatever the threads: on one machine, with one build. Headroom's own products
 * cut their tile to the caches found ({@link #tile}), so that on a machine with other caches, as on
 * another rung, the last bits may differ.
 */
public final class NativeCpuKernels extends NativeKernels {
  /** Who forms the matrix products, by the codes of {@code headroom_gemm}. */
  public enum Gemm {
    /** What was measured faster on this kind of processor. */
    AUTO,
    /** The BLAS of libtorch. */
    BLAS,
    /** Headroom's own kernels, which need AVX-512 and, for BFLOAT16, AVX512-BF16. */
    OWN
  }

  /**
   * How the work of a call is cut: the most rows of a block, classes of a tile, elements of a sum
   * before it is added to memory (0: the BLAS decides), and the bytes of the caches found (0: the
   * system does not tell).
   */
  public record Tile(
      long blockRows, long columns, long sumStep, long secondCacheBytes, long thirdCacheBytes) {}

  private final NativeLibrary.Blas blas = blas();
  private final Workspaces workspaces = new Workspaces();
  private final Gemm gemm;

  /** Looks up the matrix products in the libtorch that is already loaded. */
  NativeCpuKernels() {
    this(Gemm.AUTO);
  }

  /** Takes the matrix products from where it is told. */
  NativeCpuKernels(Gemm gemm) {
    this.gemm = gemm;
  }

  /** Looks up the matrix products. */
  static NativeLibrary.Blas blas() {
    NativeLibrary.Blas blas = new NativeLibrary.Blas();
    blas.sgemm = TorchTensors.function("sgemm_");
    blas.gemmBf16 = TorchTensors.function("cblas_gemm_bf16bf16f32");
    blas.setThreadsLocal = TorchTensors.function("MKL_Set_Num_Threads_Local");
    blas.write();
    return blas;
  }

  /** Returns why this rung cannot serve here, or null when it can. */
  static String refusal() {
    if (NativeLibrary.load() == null) {
      return NativeLibrary.refusal();
    }
    if (TorchTensors.function("sgemm_") == null) {
      return "this libtorch exports no sgemm_";
    }
    return null;
  }

  @Override
  public Backend backend() {
    return Backend.NATIVE_CPU;
  }

  @Override
  void place(NativeLibrary.Head head, HeadOptions options) {
    head.blas = blas.getPointer();
    head.gemm = gemm.ordinal();
  }

  @Override
  RowMemory open(NativeLibrary.Head head, HeadProblem problem) {
    requireOnHost("e", problem.e());
    requireOnHost("c", problem.c());
    return new RowMemory.Host();
  }

  /** Refuses an array that the processor cannot read. */
  static void requireOnHost(String name, NDArray array) {
    if (array.getDevice().isGpu()) {
      throw new IllegalArgumentException(
          name
              + ": on "
              + array.getDevice()
              + " (expected: cpu() for the NATIVE_CPU backend; headroom.backend unset chooses by"
              + " device)");
    }
  }

  @Override
  Scratch borrow(HeadProblem problem, long bytes) {
    return workspaces.borrow(bytes);
  }

  /** Returns who forms the products of a compute type, or throws where they cannot be had here. */
  public Gemm gemm(ComputeType compute) {
    HeadOptions options = HeadOptions.of(1, 1).withCompute(compute);
    return Gemm.values()[plan(sizes(options, 1)).gemm];
  }

  /**
   * Returns how the work is cut, or throws where the compute type's products cannot be had here.
   */
  public Tile tile(HeadOptions options) {
    NativeLibrary.Plan plan = plan(sizes(options, 1));
    return new Tile(
        plan.blockRows,
        plan.tileColumns,
        plan.sumStep,
        plan.secondCacheBytes,
        plan.thirdCacheBytes);
  }

  @Override
  public void releaseMemory() {
    workspaces.release();
  }
}
