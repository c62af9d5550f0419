package dev.headroom.head.internal;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * Reaches the memory of DJL's PyTorch arrays through libtorch's stable C functions, in about a
 * microsecond.
 *
 * <p>{@code PtNDArray.getHandle()} is a {@code torch::Tensor*}; the functions are looked up in the
 * {@code libtorch_cpu} that DJL has loaded already, since the JVM loads it with local scope.
 */
public final class TorchTensors {
  private static final com.sun.jna.NativeLibrary TORCH =
      com.sun.jna.NativeLibrary.getInstance(loadedPath());

  static {
    Native.register(TorchTensors.class, TORCH);
  }

  // c10::TensorImpl::requires_grad() const; the C functions have no such thing, and DJL's answer is
  // no for every array that is not a leaf
  private static final Function REQUIRES_GRAD = requiresGrad();

  private TorchTensors() {}

  private static native int aoti_torch_get_data_ptr(long tensor, long[] address);

  private static native int aoti_torch_get_strides(long tensor, long[] address);

  private static native byte aoti_torch_grad_mode_is_enabled();

  private static Function requiresGrad() {
    try {
      String c10 = loadedPath().replace("libtorch_cpu.so", "libc10.so");
      return com.sun.jna.NativeLibrary.getInstance(c10)
          .getFunction("_ZNK3c1010TensorImpl13requires_gradEv");
    } catch (UnsatisfiedLinkError e) {
      return null;
    }
  }

  /**
   * Returns whether a backward pass would reach an array, a leaf or a result; true where the engine
   * does not tell.
   */
  public static boolean recordsGradient(NDArray array) {
    if (REQUIRES_GRAD == null) {
      return true;
    }
    Pointer implementation = new Pointer(handle(array)).getPointer(0);
    // a C++ bool: only the lowest byte is defined
    return (REQUIRES_GRAD.invokeInt(new Object[] {implementation}) & 0xff) != 0;
  }

  private static String loadedPath() {
    // the engine maps libtorch before any array exists; its path is wherever DJL unpacked or found
    // it
    Objects.requireNonNull(ai.djl.engine.Engine.getEngine("PyTorch"));
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.UTF_8)) {
        int slash = line.indexOf('/');
        if (slash >= 0 && line.endsWith("libtorch_cpu.so")) {
          return line.substring(slash);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("libtorch_cpu.so: cannot read /proc/self/maps", e);
    }
    throw new IllegalStateException("libtorch_cpu.so: not loaded (expected: DJL's PyTorch engine)");
  }

  /** Returns the address of an exported function of libtorch, or null where it has none. */
  static Pointer function(String name) {
    try {
      return TORCH.getFunction(name);
    } catch (UnsatisfiedLinkError e) {
      return null;
    }
  }

  private static long handle(NDArray array) {
    if (!(array instanceof PtNDArray tensor)) {
      throw new IllegalArgumentException(
          "array: " + array.getClass().getName() + " (expected: an array of DJL's PyTorch engine)");
    }
    return tensor.getHandle();
  }

  /** Returns the address of the first element, storage offset included. */
  public static Pointer data(NDArray array) {
    long[] address = new long[1];
    check(aoti_torch_get_data_ptr(handle(array), address), "data pointer");
    return address[0] == 0 ? null : new Pointer(address[0]);
  }

  /**
   * Writes the product a b of two matrices into an array that is there already, by the engine's own
   * product.
   *
   * @throws IllegalStateException where the shapes do not fit or gradients are being recorded
   */
  public static void matMulInto(NDArray out, NDArray a, NDArray b) {
    Function product = TORCH.getFunction("aoti_torch_mm_out");
    Object[] operands = {handle(out), handle(a), handle(b)};
    check(product.invokeInt(operands), "product into an array");
  }

  /**
   * Returns the stream that the engine works on, on a device; null for the default stream, and
   * where the engine has no CUDA.
   */
  static Pointer stream(Device device) {
    if (!device.isGpu()) {
      return null;
    }
    com.sun.jna.NativeLibrary cuda =
        com.sun.jna.NativeLibrary.getInstance(
            loadedPath().replace("libtorch_cpu.so", "libtorch_cuda.so"));
    Pointer[] stream = new Pointer[1];
    Object[] arguments = {device.getDeviceId(), stream};
    int status = cuda.getFunction("aoti_torch_get_current_cuda_stream").invokeInt(arguments);
    check(status, "current stream");
    return stream[0];
  }

  /** Returns the stride of a dimension, in elements. */
  static long stride(NDArray array, int dimension) {
    long[] address = new long[1];
    check(aoti_torch_get_strides(handle(array), address), "strides");
    return new Pointer(address[0]).getLong(8L * dimension);
  }

  private static void check(int status, String what) {
    if (status != 0) {
      throw new IllegalStateException(what + ": libtorch returned " + status + " (expected: 0)");
    }
  }

  /** Returns true when operations are being recorded for a backward pass on this thread. */
  public static boolean gradModeIsOn() {
    return aoti_torch_grad_mode_is_enabled() != 0;
  }

  /**
   * Returns whether rows of a [rows, columns] array can be read as they lie, one after the other.
   */
  static boolean rowsAreReadable(NDArray matrix) {
    long rows = matrix.getShape().get(0);
    long columns = matrix.getShape().get(1);
    return (columns <= 1 || stride(matrix, 1) == 1) && (rows <= 1 || stride(matrix, 0) >= columns);
  }

  /**
   * Returns a hash of a call's targets and scales, and of the hidden states and weights of the
   * first few rows: an update of any changes it.
   */
  public static int sampleBits(HeadProblem problem) {
    NDArray hidden = problem.e();
    NDArray weight = problem.c();
    long[] targets = problem.targets();
    int bits = 31 * Arrays.hashCode(targets) + Arrays.hashCode(problem.r());
    bits = 31 * bits + (problem.soft() == null ? 0 : Arrays.hashCode(problem.soft().weights()));
    int rows = Math.min(8, targets.length);
    for (int i = 0; i < rows; i++) {
      bits = 31 * bits + rowBits(hidden, i);
      if (targets[i] >= 0) {
        bits = 31 * bits + rowBits(weight, targets[i]);
      }
    }
    return bits;
  }

  private static int rowBits(NDArray matrix, long row) {
    boolean half = matrix.getDataType() == DataType.FLOAT16;
    long bytes = half ? 2 : 4;
    long at = bytes * row * stride(matrix, 0);
    long step = bytes * stride(matrix, 1);
    int columns = (int) Math.min(64, matrix.getShape().get(1));
    Pointer data = data(matrix);
    byte[] elements = new byte[(int) bytes * columns];
    if (step == bytes) {
      data.read(at, elements, 0, elements.length);
    } else {
      for (int k = 0; k < columns; k++) {
        data.read(at + k * step, elements, (int) bytes * k, (int) bytes);
      }
    }
    return Arrays.hashCode(elements);
  }
}
