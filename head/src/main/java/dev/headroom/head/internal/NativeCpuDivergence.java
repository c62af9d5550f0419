package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import com.sun.jna.Memory;
import dev.headroom.head.Backend;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import dev.headroom.head.internal.NativeKernels.Operand;
import java.util.Locale;

/** Compares two heads by the native CPU kernels, on the memory of DJL's arrays. */
final class NativeCpuDivergence implements DivergenceKernels {
  private final NativeDivergence library = NativeDivergence.load();
  private final NativeLibrary.Blas blas = NativeCpuKernels.blas();
  private final Workspaces workspaces = new Workspaces();
  private final Gemm gemm;

  NativeCpuDivergence() {
    this(Gemm.AUTO);
  }

  /** Takes the matrix products from where it is told. */
  NativeCpuDivergence(Gemm gemm) {
    this.gemm = gemm;
  }

  @Override
  public Backend backend() {
    return Backend.NATIVE_CPU;
  }

  @Override
  public void releaseMemory() {
    workspaces.release();
  }

  @Override
  public DivergenceResult run(DivergenceProblem problem, Wanted wanted) {
    HeadProblem own = problem.student();
    int n = own.n();
    HeadResult arrays = gradients(own, wanted);
    boolean backward = wanted.hidden() || wanted.parameters();
    try (Operand e = Operand.of(own.e());
        Operand c = Operand.of(own.c());
        Operand teacherE = Operand.of(problem.e());
        Operand teacherC = Operand.of(problem.c());
        Memory t = new Memory(Math.max(8, 8L * n));
        Memory r = new Memory(Math.max(8, 4L * n));
        Memory values = new Memory(Math.max(8, 4L * n))) {
      NativeDivergence.Call call = call(problem);
      call.student = side(e, c, own.b(), own.options());
      call.teacher = side(teacherE, teacherC, problem.b(), problem.teacher());
      t.write(0, own.targets(), 0, n);
      r.write(0, own.r(), 0, n);
      call.t = t;
      call.r = r;
      call.value = values;
      attach(call, arrays, wanted);
      run(call, backward);
      return new DivergenceResult(values.getFloatArray(0, n), arrays);
    } catch (RuntimeException | Error failure) {
      arrays.discard(wanted);
      throw failure;
    }
  }

  private void run(NativeDivergence.Call call, boolean backward) {
    NativeLibrary.Plan plan = new NativeLibrary.Plan();
    check("plan", call, library.headroom_divergence_plan(call, plan));
    try (Workspaces.Block workspace = workspaces.borrow(plan.usedWorkspaceBytes)) {
      call.workspace = workspace.memory;
      call.workspaceBytes = workspace.bytes;
      int status =
          backward
              ? library.headroom_divergence_forward_backward(call)
              : library.headroom_divergence_forward(call);
      check("divergence", call, status);
    }
  }

  private NativeDivergence.Call call(DivergenceProblem problem) {
    HeadOptions options = problem.student().options();
    NativeDivergence.Call call = new NativeDivergence.Call();
    call.blas = blas.getPointer();
    call.n = problem.student().n();
    call.ignoreIndex = options.ignoreIndex();
    call.withoutTarget = problem.how().withoutTarget() ? 1 : 0;
    call.kind = problem.how().divergence().ordinal();
    call.beta = problem.how().beta();
    call.compute = NativeKernels.code(options.compute());
    call.engine = options.engine().ordinal();
    call.gemm = gemm.ordinal();
    call.threads = options.threads();
    call.workspaceBytes = options.workspaceBytes();
    return call;
  }

  private static NativeDivergence.Side side(Operand e, Operand c, NDArray b, HeadOptions options) {
    NativeDivergence.Side side = new NativeDivergence.Side();
    side.d = options.width();
    side.v = options.classes();
    side.e = e.data();
    side.eStride = e.stride();
    side.c = c.data();
    side.cStride = c.stride();
    side.b = b == null ? null : TorchTensors.data(b);
    side.eDtype = NativeKernels.dtype(e.array());
    side.cDtype = NativeKernels.dtype(c.array());
    side.logitScale = options.logitScale();
    side.softCap = options.softCap();
    return side;
  }

  private static HeadResult gradients(HeadProblem own, Wanted wanted) {
    long d = own.options().width();
    long v = own.options().classes();
    return new HeadResult(
        null,
        wanted.hidden() ? NativeKernels.target(own.e(), null, own.n(), d) : null,
        wanted.classifier() ? NativeKernels.target(own.e(), wanted.intoC(), v, d) : null,
        wanted.bias() ? NativeKernels.target(own.e(), wanted.intoB(), v) : null);
  }

  private static void attach(NativeDivergence.Call call, HeadResult arrays, Wanted wanted) {
    long d = call.student.d;
    call.de = arrays.dE() == null || call.n == 0 ? null : TorchTensors.data(arrays.dE());
    call.deStride = d;
    call.dc = arrays.dC() == null ? null : TorchTensors.data(arrays.dC());
    call.dcStride = d;
    call.db = arrays.dB() == null ? null : TorchTensors.data(arrays.dB());
    call.addDc = wanted.adds() ? 1 : 0;
  }

  private void check(String kernel, NativeDivergence.Call call, int status) {
    if (status == 0) {
      return;
    }
    String text = library.headroom_last_error();
    if (status == NativeLibrary.INVALID) {
      throw new IllegalArgumentException(text);
    }
    throw new HeadException(
        status,
        String.format(
            Locale.ROOT,
            "kernel %s on the CPU with n %d, d %d and %d, v %d and %d, workspace %d bytes: %s",
            kernel,
            call.n,
            call.student.d,
            call.teacher.d,
            call.student.v,
            call.teacher.v,
            call.workspaceBytes,
            text),
        null);
  }
}
