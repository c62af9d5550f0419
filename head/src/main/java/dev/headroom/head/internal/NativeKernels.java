package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadOptions;
import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.util.function.ToIntFunction;

/**
 * Calls the C functions of {@code headroom.h} on the memory of DJL's arrays. Where rows and scratch
 * memory lie is the rungs' own.
 */
abstract class NativeKernels implements HeadKernels {
  final NativeLibrary library = NativeLibrary.load();

  /** Scratch memory, given back by closing it. */
  interface Scratch extends AutoCloseable {
    /** Returns where it begins. */
    Pointer memory();

    /** Returns its size. */
    long bytes();

    @Override
    void close();
  }

  /** Fills in the device, who forms the products, and the bytes of the workspace. */
  abstract void place(NativeLibrary.Head head, HeadOptions options);

  /** Opens memory for the rows of a call, and fills in what of it depends on its arrays. */
  abstract RowMemory open(NativeLibrary.Head head, HeadProblem problem);

  /** Lends scratch memory for a call on the device of these arrays. */
  abstract Scratch borrow(HeadProblem problem, long bytes);

  @Override
  public final HeadResult forward(HeadProblem problem) {
    return call("forward", problem, null, null, library::headroom_head_forward);
  }

  @Override
  public final HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return call("forward_backward", problem, null, wanted, library::headroom_head_forward_backward);
  }

  @Override
  public final HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return call("backward", problem, forward, wanted, library::headroom_head_backward);
  }

  @Override
  public final void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    NativeLibrary.Head head = sizes(problem.options().withTopK(0), problem.n());
    head.v = end - begin;
    try (Operand e = Operand.of(problem.e());
        Operand c = Operand.of(problem.c());
        NativeRows rows = new NativeRows(open(head, problem), head, problem, null)) {
      attach(head, problem, e, c);
      head.c = head.c.share(begin * head.cStride * (head.cDtype == NativeLibrary.FLOAT16 ? 2 : 4));
      head.b = head.b == null ? null : head.b.share(begin * Float.BYTES);
      Pointer z = rows.memory().place(into);
      run("logits", problem, head, call -> library.headroom_head_logits(call, z, end - begin));
      rows.memory().fetch(z, into);
    }
  }

  @Override
  public final Engine engine(HeadOptions options, long n) {
    NativeLibrary.Head head = sizes(options, n);
    // the plan looks only at whether gradients are wanted, never through the pointers
    head.de = new Pointer(1);
    head.dc = head.de;
    head.deStride = head.d;
    head.dcStride = head.d;
    return Engine.values()[plan(head).engine];
  }

  final NativeLibrary.Plan plan(NativeLibrary.Head head) {
    NativeLibrary.Plan plan = new NativeLibrary.Plan();
    check("plan", head, library.headroom_head_plan(head.laidOut(), plan));
    return plan;
  }

  final NativeLibrary.Head sizes(HeadOptions options, long n) {
    NativeLibrary.Head head = new NativeLibrary.Head();
    head.n = n;
    head.d = options.width();
    head.v = options.classes();
    head.eStride = options.width();
    head.cStride = options.width();
    head.compute = code(options.compute());
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
    head.threads = options.threads();
    head.workspaceBytes = options.workspaceBytes();
    place(head, options);
    return head;
  }

  private HeadResult call(
      String kernel,
      HeadProblem problem,
      HeadResult.Rows forward,
      Wanted wanted,
      ToIntFunction<Buffer> function) {
    NativeLibrary.Head head = sizes(problem.options(), problem.n());
    try (Operand e = Operand.of(problem.e());
        Operand c = Operand.of(problem.c());
        NativeRows rows = new NativeRows(open(head, problem), head, problem, forward)) {
      attach(head, problem, e, c);
      HeadResult arrays = gradients(problem, wanted);
      attach(head, arrays, wanted);
      if (forward != null) {
        head.engine = Engine.RECOMPUTED.ordinal();
      }
      try {
        run(kernel, problem, head, function);
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

  private void run(
      String kernel, HeadProblem problem, NativeLibrary.Head head, ToIntFunction<Buffer> function) {
    NativeLibrary.Plan plan = plan(head);
    try (Scratch workspace = borrow(problem, plan.usedWorkspaceBytes)) {
      head.workspace = workspace.memory();
      head.workspaceBytes = workspace.bytes();
      check(kernel, head, function.applyAsInt(head.laidOut()));
    }
  }

  /** Returns the code of a compute type. */
  static int code(ComputeType compute) {
    return switch (compute) {
      case FLOAT32 -> NativeLibrary.FLOAT32;
      case BFLOAT16 -> NativeLibrary.BFLOAT16;
      case TFLOAT32 -> NativeLibrary.TFLOAT32;
    };
  }

  /** Returns the code of an array's type. */
  static int dtype(NDArray array) {
    return array.getDataType() == DataType.FLOAT16 ? NativeLibrary.FLOAT16 : NativeLibrary.FLOAT32;
  }

  private static HeadResult gradients(HeadProblem problem, Wanted wanted) {
    if (wanted == null) {
      return new HeadResult(null, null, null, null);
    }
    long d = problem.options().width();
    long v = problem.options().classes();
    NDArray dE = wanted.hidden() ? target(problem.e(), null, problem.n(), d) : null;
    NDArray dC = wanted.classifier() ? target(problem.e(), wanted.intoC(), v, d) : null;
    NDArray dB = wanted.bias() ? target(problem.e(), wanted.intoB(), v) : null;
    return new HeadResult(null, dE, dC, dB);
  }

  /** Returns an array of this shape beside another one, or the one that is added to. */
  static NDArray target(NDArray beside, NDArray into, long... shape) {
    return into != null
        ? into
        : beside.getManager().create(new Shape(shape), DataType.FLOAT32, beside.getDevice());
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
            + " of "
            + backend()
            + " with n "
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
