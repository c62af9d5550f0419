package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import dev.headroom.head.internal.NativeCpuKernels.Tile;
import java.util.ArrayList;
import java.util.List;

/** One implementation as it is asked for, and the comparison with the float64 reference. */
public record Rung(Backend backend, Engine engine, ComputeType compute, Gemm gemm) {
  static final Rung REFERENCE =
      new Rung(Backend.REFERENCE, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO);

  /** Every rung, engine, compute type and product of this version. */
  public static List<Rung> all() {
    List<Rung> rungs = new ArrayList<>();
    rungs.add(new Rung(Backend.PORTABLE, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO));
    for (Engine engine : List.of(Engine.KEPT, Engine.RECOMPUTED)) {
      for (ComputeType compute : List.of(ComputeType.FLOAT32, ComputeType.BFLOAT16)) {
        rungs.add(new Rung(Backend.NATIVE_CPU, engine, compute, Gemm.BLAS));
        rungs.add(new Rung(Backend.NATIVE_CPU, engine, compute, Gemm.OWN));
        rungs.add(new Rung(Backend.CUDA, engine, compute, Gemm.AUTO));
      }
    }
    return rungs;
  }

  /**
   * Returns the kernels, or skips the test with the reason why they cannot serve here. CUDA's run
   * on the emulation of a device, whose memory is the host's.
   */
  public HeadKernels kernels() {
    String refusal = refusal();
    boolean ci = "true".equals(System.getenv("CI"));
    assumeTrue(refusal == null || ci, this + " skipped: " + refusal);
    if (backend == Backend.CUDA) {
      return new CudaKernels();
    }
    if (backend != Backend.NATIVE_CPU) {
      return Backends.of(backend);
    }
    NativeCpuKernels kernels = new NativeCpuKernels(gemm);
    try {
      kernels.gemm(compute);
    } catch (HeadException e) {
      // a processor without AVX-512 has no own products, and the library says so
      assumeTrue(gemm != Gemm.OWN, this + " skipped: " + e.getMessage());
      throw e;
    }
    return kernels;
  }

  /** Returns whether the kernels are Headroom's own, of C++ or CUDA, and not DJL's operations. */
  public boolean isNative() {
    return backend == Backend.NATIVE_CPU || backend == Backend.CUDA;
  }

  private String refusal() {
    if (backend != Backend.CUDA) {
      return Backends.refusal(backend);
    }
    String found = CudaKernels.described();
    return found.startsWith("driver") ? null : found;
  }

  /**
   * Returns how the kernels cut the work at a width: what headroom_head_plan tells; where a rung
   * has no such sizes of its own, sizes around which it has nothing special.
   */
  Tile tile(HeadKernels kernels, long d) {
    if (!(kernels instanceof NativeCpuKernels)) {
      return new Tile(266, 448, 272, 0, 0);
    }
    HeadOptions options = apply(HeadOptions.of(1 << 20, d)).withWorkspaceBytes(1L << 50);
    Tile tile = ((NativeCpuKernels) kernels).tile(options);
    return gemm == Gemm.OWN ? tile : new Tile(tile.blockRows(), tile.columns(), 272, 0, 0);
  }

  public HeadOptions apply(HeadOptions options) {
    return options.withEngine(engine).withCompute(compute).withThreads(2);
  }

  public ErrorBudget loss() {
    return compute == ComputeType.BFLOAT16 ? ErrorBudget.LOSS_BFLOAT16 : ErrorBudget.LOSS_FLOAT32;
  }

  public ErrorBudget gradient() {
    return compute == ComputeType.BFLOAT16
        ? ErrorBudget.GRADIENT_BFLOAT16
        : ErrorBudget.GRADIENT_FLOAT32;
  }

  /** Holds every output of the problem against the reference. */
  void compare(HeadKernels kernels, HeadProblem problem) {
    compare(kernels, problem, Wanted.all(problem));
  }

  void compare(HeadKernels kernels, HeadProblem problem, ErrorBudget gradient) {
    compare(kernels, problem, Wanted.all(problem), gradient);
  }

  void compare(HeadKernels kernels, HeadProblem problem, Wanted wanted) {
    compare(kernels, problem, wanted, gradient());
  }

  private void compare(
      HeadKernels kernels, HeadProblem problem, Wanted wanted, ErrorBudget gradient) {
    HeadResult expected = new ReferenceKernels().forwardBackward(problem, wanted);
    HeadResult actual = kernels.forwardBackward(problem, wanted);
    String what = this + " n " + problem.n() + " " + problem.options();
    compareRows(what, expected.rows(), actual.rows());
    compareGradients(what, expected, actual, gradient);
    HeadResult.Rows forward = kernels.forward(problem).rows();
    compareRows(what + " forward alone", expected.rows(), forward);
    if (wanted.hidden() || wanted.classifier() || wanted.bias()) {
      compareGradients(
          what + " backward alone",
          expected,
          kernels.backward(roomy(problem), forward, wanted),
          gradient);
    }
  }

  /** A gradient pass alone may need more room than an engine that keeps logits. */
  private static HeadProblem roomy(HeadProblem problem) {
    HeadOptions options = problem.options();
    return problem.withOptions(
        options.withWorkspaceBytes(Math.max(8 << 20, options.workspaceBytes())));
  }

  private void compareRows(String what, HeadResult.Rows expected, HeadResult.Rows actual) {
    // the size of the logits limits what a loss can be
    double logits = 1;
    for (float lse : expected.lse()) {
      logits = Math.max(logits, Math.abs(lse));
    }
    ErrorBudget budget = loss();
    budget.check("nll " + what, expected.nll(), actual.nll(), logits);
    budget.check("lse " + what, expected.lse(), actual.lse(), logits);
    optional("smooth " + what, expected.smooth(), actual.smooth(), logits);
    optional("soft " + what, expected.soft(), actual.soft(), logits);
    optional("entropy " + what, expected.entropy(), actual.entropy(), logits);
    // (they are of the size of the squared logits)
    optional("squares " + what, expected.squares(), actual.squares(), logits);
    optional("variance " + what, expected.variance(), actual.variance(), logits * logits);
    optional("listed " + what, expected.listed(), actual.listed(), logits);
    if (expected.topIds() == null || actual.listed() != null) {
      optional("rest " + what, expected.rest(), actual.rest(), logits);
    }
    optional("top " + what, expected.topLogits(), actual.topLogits(), logits);
    assertEquals(expected.topIds() == null, actual.topIds() == null, "top ids " + what);
  }

  private void optional(String what, float[] expected, float[] actual, double scale) {
    if (expected == null) {
      assertEquals(null, actual, what);
    } else {
      loss().check(what, expected, actual, scale);
    }
  }

  private static void compareGradients(
      String what, HeadResult expected, HeadResult actual, ErrorBudget budget) {
    compareGradient("dE " + what, expected.dE(), actual.dE(), budget);
    compareGradient("dC " + what, expected.dC(), actual.dC(), budget);
    compareGradient("dB " + what, expected.dB(), actual.dB(), budget);
  }

  private static void compareGradient(
      String what, NDArray expected, NDArray actual, ErrorBudget budget) {
    if (expected == null) {
      assertEquals(null, actual, what);
    } else {
      budget.check(what, expected.toFloatArray(), actual.toFloatArray(), 1e-2);
    }
  }
}
