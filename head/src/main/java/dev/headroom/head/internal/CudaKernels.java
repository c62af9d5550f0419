package dev.headroom.head.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.headroom.head.Backend;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Runs the native kernels on an NVIDIA GPU, on the memory of DJL's arrays and on the engine's
 * current stream.
 *
 * <p>Rows (targets, scales, statistics) are copied to the device before a call and from it after,
 * so that a call waits for the device once. The workspace is the engine's own memory, lent for the
 * length of a call. A row's loss has the same bits whatever the other rows, the workspace and the
 * engine; gradients from call to call.
 */
public final class CudaKernels extends NativeKernels {
  /** The workspace where none is given: 1.25 GiB, 2048 rows of kept logits at V 131,072. */
  static final long DEFAULT_WORKSPACE_BYTES = 5L << 28;

  private static final int ALIGNMENT = 256;
  private static final int MOST_TEXT = 1 << 16;

  /** Returns why this rung cannot serve here, or null when it can. */
  static String refusal() {
    if (NativeLibrary.load() == null) {
      return NativeLibrary.refusal();
    }
    if (ai.djl.engine.Engine.getEngine("PyTorch").getGpuCount() == 0) {
      return "DJL's PyTorch engine has no GPU: its CPU build, or no device ("
          + described()
          + "); the README says what to install";
    }
    byte[] text = new byte[MOST_TEXT];
    boolean found = NativeLibrary.load().headroom_cuda_describe(text, text.length) == 0;
    return found ? null : NativeLibrary.load().headroom_last_error();
  }

  /** Returns what CUDA finds here, or what it lacks, in lines of text. */
  public static String described() {
    NativeLibrary library = NativeLibrary.load();
    if (library == null) {
      return NativeLibrary.refusal();
    }
    byte[] text = new byte[MOST_TEXT];
    return library.headroom_cuda_describe(text, text.length) == 0
        ? Native.toString(text, StandardCharsets.UTF_8).strip()
        : library.headroom_last_error();
  }

  @Override
  public Backend backend() {
    return Backend.CUDA;
  }

  @Override
  void place(NativeLibrary.Head head, HeadOptions options) {
    head.device = NativeLibrary.CUDA;
    if (options.workspaceBytes() == HeadOptions.DEFAULT_WORKSPACE_BYTES) {
      head.workspaceBytes = DEFAULT_WORKSPACE_BYTES;
    }
  }

  @Override
  RowMemory open(NativeLibrary.Head head, HeadProblem problem) {
    NDArray e = problem.e();
    requireSameDevice("c", problem.c(), e);
    requireSameDevice("b", problem.b(), e);
    head.stream = TorchTensors.stream(e.getDevice());
    OnDevice memory = new OnDevice(e.getManager().newSubManager(e.getDevice()), head.stream);
    try {
      long[] kept = new long[problem.kept()];
      for (int i = 0, k = 0; i < problem.n(); i++) {
        if (!problem.ignored(i)) {
          kept[k++] = i;
        }
      }
      head.kept = memory.take(8L * kept.length);
      memory.write(head.kept, kept);
      head.keptCount = kept.length;
      return memory;
    } catch (RuntimeException | Error failure) {
      memory.close();
      throw failure;
    }
  }

  private static void requireSameDevice(String name, NDArray array, NDArray e) {
    if (array != null && !array.getDevice().equals(e.getDevice())) {
      throw new IllegalArgumentException(
          name
              + ": on "
              + array.getDevice()
              + " (expected: "
              + e.getDevice()
              + ", where e lies; NDArray.toDevice copies)");
    }
  }

  @Override
  Scratch borrow(HeadProblem problem, long bytes) {
    NDManager manager = problem.e().getManager();
    Device device = problem.e().getDevice();
    NDArray array = manager.create(new Shape(bytes + ALIGNMENT), DataType.UINT8, device);
    long at = Pointer.nativeValue(TorchTensors.data(array));
    Pointer begin = new Pointer((at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return new Borrowed(array, begin, bytes);
  }

  /** Unloads the kernels; the next call loads them again. */
  @Override
  public void releaseMemory() {
    library.headroom_cuda_release();
  }

  private record Borrowed(NDArray array, Pointer memory, long bytes) implements Scratch {
    @Override
    public void close() {
      array.close();
    }
  }

  /** Arrays of the engine on the device, each one block. */
  private final class OnDevice implements RowMemory {
    private final NDManager manager;
    private final Pointer stream;

    OnDevice(NDManager manager, Pointer stream) {
      this.manager = manager;
      this.stream = stream;
    }

    @Override
    public Pointer take(long bytes) {
      return TorchTensors.data(manager.create(new Shape(Math.max(8, bytes)), DataType.UINT8));
    }

    @Override
    public void write(Pointer to, float[] from, int first, int end) {
      try (Memory staged = new Memory(Math.max(4, 4L * (end - first)))) {
        staged.write(0, from, first, end - first);
        write(to.share(4L * first), staged, 4L * (end - first));
      }
    }

    @Override
    public void write(Pointer to, long[] from) {
      try (Memory staged = new Memory(Math.max(8, 8L * from.length))) {
        staged.write(0, from, 0, from.length);
        write(to, staged, 8L * from.length);
      }
    }

    private void write(Pointer to, Memory staged, long bytes) {
      if (bytes > 0) {
        check("write", library.headroom_cuda_write(to, staged, bytes, stream));
      }
    }

    @Override
    public void read(Pointer from, float[] into, int first, int end) {
      try (Memory staged = read(from.share(4L * first), 4L * (end - first))) {
        staged.read(0, into, first, end - first);
      }
    }

    @Override
    public void read(Pointer from, long[] into, int first, int end) {
      try (Memory staged = read(from.share(8L * first), 8L * (end - first))) {
        staged.read(0, into, first, end - first);
      }
    }

    private Memory read(Pointer from, long bytes) {
      Memory staged = new Memory(Math.max(8, bytes));
      if (bytes > 0) {
        check("read", library.headroom_cuda_read(staged, from, bytes, stream));
      }
      return staged;
    }

    @Override
    public Pointer place(FloatBuffer into) {
      return take(4L * into.remaining());
    }

    @Override
    public void fetch(Pointer from, FloatBuffer into) {
      Pointer to = Native.getDirectBufferPointer(into);
      long bytes = 4L * into.remaining();
      if (bytes > 0) {
        check("read", library.headroom_cuda_read(to, from, bytes, stream));
      }
    }

    private void check(String what, int status) {
      if (status != 0) {
        throw new HeadException(
            status, what + " of a call's rows: " + library.headroom_last_error(), null);
      }
    }

    @Override
    public void close() {
      manager.close();
    }
  }
}
