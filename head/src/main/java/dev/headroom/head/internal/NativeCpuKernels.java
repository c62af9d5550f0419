package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadOptions;
import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.util.function.ToIntFunction;

/**
 * Runs the native CPU kernels on the memory of DJL's arrays, through the C functions of {@code
 * headroom.h}.
 *
 * <p>A row's loss has the same bits whatever the other rows, the threads, the workspace and the
 * engine; gradients whatever the threads: on one machine, with one build. Headroom's own products
 * cut their tile to the caches found ({@link #tile}), so that on a machine with other caches, as on
 * another rung, the last bits may differ.
 */
public final class NativeCpuKernels implements HeadKernels {
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

  private final NativeLibrary library = NativeLibrary.load();
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
  public HeadResult forward(HeadProblem problem) {
    return call("forward", problem, null, null, library::headroom_head_forward);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return call("forward_backward", problem, null, wanted, library::headroom_head_forward_backward);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return call("backward", problem, forward, wanted, library::headroom_head_backward);
  }

  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    NativeLibrary.Head head = sizes(problem.options().withTopK(0), problem.n());
    head.v = end - begin;
    try (Operand e = Operand.of(problem.e());
        Operand c = Operand.of(problem.c());
        NativeRows rows = new NativeRows(head, problem, null)) {
      attach(head, problem, e, c);
      head.c = head.c.share(begin * head.cStride * (head.cDtype == NativeLibrary.FLOAT16 ? 2 : 4));
      head.b = head.b == null ? null : head.b.share(begin * Float.BYTES);
      Pointer z = Native.getDirectBufferPointer(into);
      run("logits", head, call -> library.headroom_head_logits(call, z, end - begin));
    }
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    NativeLibrary.Head head = sizes(options, n);
    // the plan looks only at whether gradients are wanted, never through the pointers
    head.de = new Pointer(1);
    head.dc = head.de;
    head.deStride = head.d;
    head.dcStride = head.d;
    return Engine.values()[plan(head).engine];
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

  private NativeLibrary.Plan plan(NativeLibrary.Head head) {
    NativeLibrary.Plan plan = new NativeLibrary.Plan();
    check("plan", head, library.headroom_head_plan(head.laidOut(), plan));
    return plan;
  }

  private NativeLibrary.Head sizes(HeadOptions options, long n) {
    NativeLibrary.Head head = new NativeLibrary.Head();
    head.blas = blas.getPointer();
    head.n = n;
    head.d = options.width();
    head.v = options.classes();
    head.eStride = options.width();
    head.cStride = options.width();
    head.compute =
        options.compute() == ComputeType.BFLOAT16 ? NativeLibrary.BFLOAT16 : NativeLibrary.FLOAT32;
    head.ignoreIndex = options.ignoreIndex();
    head.labelSmoothing = options.labelSmoothing();
    head.logitScale = options.logitScale();
    head.softCap = options.softCap();
    head.stableMax = options.stableMax() ? 1 : 0;
    head.zLoss = options.zLoss();
    head.filterTau = options.filter().tau();
    head.filterMass = options.filter().maxDroppedMass();
    head.filterFullC = options.filter().fullClassifier() ? 1 : 0;
    head.softCount = options.softTargets();
    head.topCount = options.topK();
    head.engine = options.engine().ordinal();
    head.gemm = gemm.ordinal();
    head.threads = options.threads();
    head.workspaceBytes = options.workspaceBytes();
    return head;
  }

  private HeadResult call(
      String kernel,
      HeadProblem problem,
      HeadResult.Rows forward,
      Wanted wanted,
      ToIntFunction<Buffer> function) {
    NDManager manager = problem.e().getManager();
    NativeLibrary.Head head = sizes(problem.options(), problem.n());
    try (Operand e = Operand.of(problem.e());
        Operand c = Operand.of(problem.c());
        NativeRows rows = new NativeRows(head, problem, forward)) {
      attach(head, problem, e, c);
      HeadResult arrays = gradients(manager, problem, wanted);
      attach(head, arrays, wanted);
      if (forward != null) {
        head.engine = Engine.RECOMPUTED.ordinal();
      }
      try {
        run(kernel, head, function);
        HeadResult.Rows statistics = rows.read();
        float[] dropped = wanted == null ? null : rows.dropped();
        return new HeadResult(statistics, arrays.dE(), arrays.dC(), arrays.dB(), dropped);
      } catch (RuntimeException | Error failure) {
        arrays.discard(wanted);
        throw failure;
      }
    }
  }

  private static void attach(NativeLibrary.Head head, HeadProblem problem, Operand e, Operand c) {
    head.e = e.data();
    head.eStride = e.stride();
    head.eDtype = dtype(problem.e());
    head.c = c.data();
    head.cStride = c.stride();
    head.cDtype = dtype(problem.c());
    head.b = problem.b() == null ? null : TorchTensors.data(problem.b());
  }

  private void run(String kernel, NativeLibrary.Head head, ToIntFunction<Buffer> function) {
    NativeLibrary.Plan plan = plan(head);
    try (Workspaces.Block workspace = workspaces.borrow(plan.usedWorkspaceBytes)) {
      head.workspace = workspace.memory;
      head.workspaceBytes = workspace.bytes;
      check(kernel, head, function.applyAsInt(head.laidOut()));
    }
  }

  /** Returns the code of an array's type. */
  static int dtype(NDArray array) {
    return array.getDataType() == DataType.FLOAT16 ? NativeLibrary.FLOAT16 : NativeLibrary.FLOAT32;
  }

  private static HeadResult gradients(NDManager manager, HeadProblem problem, Wanted wanted) {
    if (wanted == null) {
      return new HeadResult(null, null, null, null);
    }
    long d = problem.options().width();
    long v = problem.options().classes();
    NDArray dE =
        wanted.hidden() ? manager.create(new Shape(problem.n(), d), DataType.FLOAT32) : null;
    NDArray dC = wanted.classifier() ? target(manager, wanted.intoC(), v, d) : null;
    NDArray dB = wanted.bias() ? target(manager, wanted.intoB(), v) : null;
    return new HeadResult(null, dE, dC, dB);
  }

  /** Returns an array of this shape, or the one that is added to. */
  static NDArray target(NDManager manager, NDArray into, long... shape) {
    return into != null ? into : manager.create(new Shape(shape), DataType.FLOAT32);
  }

  private static void attach(NativeLibrary.Head head, HeadResult arrays, Wanted wanted) {
    if (wanted == null) {
      return;
    }
    head.de = arrays.dE() == null || head.n == 0 ? null : TorchTensors.data(arrays.dE());
    head.deStride = head.d;
    head.dc = arrays.dC() == null ? null : TorchTensors.data(arrays.dC());
    head.dcStride = head.d;
    head.db = arrays.dB() == null ? null : TorchTensors.data(arrays.dB());
    head.addDc = wanted.adds() ? 1 : 0;
  }

  private void check(String kernel, NativeLibrary.Head head, int status) {
    if (status == 0) {
      return;
    }
    String text = library.headroom_last_error();
    if (status == NativeLibrary.INVALID || status == NativeLibrary.TARGET_RANGE) {
      throw new IllegalArgumentException(text);
    }
    throw new HeadException(
        status,
        "kernel "
            + kernel
            + " on the CPU with n "
            + head.n
            + ", d "
            + head.d
            + ", v "
            + head.v
            + ", workspace "
            + head.workspaceBytes
            + " bytes: "
            + text,
        null);
  }

  /** A matrix whose rows can be read as they lie: the array itself, or a copy closed with this. */
  record Operand(NDArray array, boolean copied) implements AutoCloseable {
    static Operand of(NDArray array) {
      boolean readable = TorchTensors.rowsAreReadable(array);
      return new Operand(readable ? array : copy(array), !readable);
    }

    private static NDArray copy(NDArray array) {
      // duplicate() keeps a transposed array's strides; flatten() does not
      try (NDArray flat = array.flatten()) {
        return flat.reshape(array.getShape());
      }
    }

    Pointer data() {
      return TorchTensors.data(array);
    }

    long stride() {
      long columns = array.getShape().get(1);
      return array.getShape().get(0) <= 1 ? columns : TorchTensors.stride(array, 0);
    }

    @Override
    public void close() {
      if (copied) {
        array.close();
      }
    }
  }
}
