package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import dev.headroom.head.internal.NativeKernels.Operand;
import java.util.ArrayList;
import java.util.List;

/** Runs the spherical family on the native CPU kernels. */
final class NativeSpherical implements SphericalKernels.Rung {
  private final NativeLibrary library = NativeLibrary.load();
  private final NativeLibrary.Blas blas = NativeCpuKernels.blas();
  private final Workspaces workspaces = new Workspaces();
  private final Gemm gemm;

  NativeSpherical() {
    this(Gemm.AUTO);
  }

  /** Takes the matrix products from where it is told. */
  NativeSpherical(Gemm gemm) {
    this.gemm = gemm;
  }

  @Override
  public SphericalKernels.Pass open(HeadProblem problem, Wanted wanted) {
    return new Call(problem, wanted);
  }

  @Override
  public void releaseMemory() {
    workspaces.release();
  }

  /** One call, its rows in native memory. */
  private final class Call implements SphericalKernels.Pass {
    private final HeadProblem problem;
    private final Wanted wanted;
    private final int n;
    private final int k;
    private final List<Memory> blocks = new ArrayList<>();
    private final Operand e;
    private final Operand c;
    private final NativeLibrary.Spherical head = new NativeLibrary.Spherical();
    private NDArray dE;

    Call(HeadProblem problem, Wanted wanted) {
      this.problem = problem;
      this.wanted = wanted;
      n = problem.n();
      k = SphericalRows.targetCount(problem);
      e = Operand.of(problem.e());
      c = Operand.of(problem.c());
      describe();
    }

    private void describe() {
      head.blas = blas.getPointer();
      head.n = n;
      head.d = problem.options().width();
      head.v = problem.options().classes();
      head.e = e.data();
      head.eStride = e.stride();
      head.eDtype = NativeKernels.dtype(problem.e());
      head.c = c.data();
      head.cStride = c.stride();
      head.cDtype = NativeKernels.dtype(problem.c());
      Memory ids = block(8L * n * k);
      ids.write(0, SphericalRows.ids(problem), 0, n * k);
      head.t = ids;
      head.targetCount = k;
      head.ignoreIndex = problem.options().ignoreIndex();
      head.mean = block(8 * head.d);
      head.gemm = gemm.ordinal();
      head.threads = problem.options().threads();
      head.workspaceBytes = problem.options().workspaceBytes();
    }

    private Memory block(long bytes) {
      Memory memory = new Memory(Math.max(8, bytes));
      blocks.add(memory);
      return memory;
    }

    private Pointer doubles(double[] values) {
      Memory memory = block(8L * values.length);
      memory.write(0, values, 0, values.length);
      return memory;
    }

    @Override
    public SphericalRows.Statistics statistics() {
      head.mu = block(8L * n);
      head.spread = block(8L * n);
      head.y = block(8L * n * k);
      if (wanted.hidden()) {
        NDManager manager = problem.e().getManager();
        dE = manager.create(new Shape(n, head.d), DataType.FLOAT32);
        head.de = n == 0 ? null : TorchTensors.data(dE);
        head.deStride = head.d;
      }
      run("spherical_forward", false);
      return new SphericalRows.Statistics(
          head.mu.getDoubleArray(0, n),
          head.spread.getDoubleArray(0, n),
          head.y.getDoubleArray(0, n * k));
    }

    @Override
    public HeadResult gradients(SphericalRows rows) {
      head.uMean = doubles(rows.uMean());
      head.uSpread = doubles(rows.uSpread());
      head.uTarget = doubles(rows.uTarget());
      NDArray dC = wanted.classifier() ? classifierGradient() : null;
      run("spherical_backward", true);
      return new HeadResult(rows.statistics(), dE, dC, null);
    }

    private NDArray classifierGradient() {
      NDManager manager = problem.e().getManager();
      NDArray dC =
          wanted.intoC() != null
              ? wanted.intoC()
              : manager.create(new Shape(head.v, head.d), DataType.FLOAT32);
      head.dc = TorchTensors.data(dC);
      head.dcStride = head.d;
      head.addDc = wanted.intoC() != null ? 1 : 0;
      return dC;
    }

    private void run(String kernel, boolean backward) {
      NativeLibrary.Plan plan = new NativeLibrary.Plan();
      check(kernel, library.headroom_spherical_plan(head, plan));
      long given = problem.options().workspaceBytes();
      try (Workspaces.Block workspace =
          workspaces.borrow(Math.min(given, plan.usedWorkspaceBytes))) {
        head.workspace = workspace.memory;
        head.workspaceBytes = Math.min(given, workspace.bytes);
        check(
            kernel,
            backward
                ? library.headroom_spherical_backward(head)
                : library.headroom_spherical_forward(head));
      }
    }

    private void check(String kernel, int status) {
      NativeLibrary.check(status, kernel, head.n, head.d, head.v, head.workspaceBytes);
    }

    @Override
    public void close() {
      e.close();
      c.close();
      blocks.forEach(Memory::close);
    }
  }
}
