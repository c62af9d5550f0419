package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/** Finds the gradient buffer of a parameter, so that a kernel can add to it in place. */
public final class FusedDelivery {
  private static final short MARK = 0x3c5a;

  private FusedDelivery() {}

  /**
   * Returns a handle on the parameter's gradient buffer, or null where the engine has none that
   * stays, as for the result of an operation.
   *
   * <p>Before the first backward pass {@code getGradient()} returns a fresh array at each call and
   * a write there would be lost in silence, so the buffer is made by one backward pass of zeros.
   * The caller closes the handle.
   */
  public static NDArray buffer(NDArray parameter) {
    if (!isLeaf(parameter)) {
      return null;
    }
    NDArray buffer = attached(parameter);
    if (buffer != null) {
      return buffer;
    }
    try (NDArray sum = parameter.sum();
        NDArray zero = sum.zerosLike()) {
      JniUtils.backward((PtNDArray) sum, (PtNDArray) zero, false, false);
    }
    return attached(parameter);
  }

  /** Returns whether an array keeps a gradient of its own, which results of operations do not. */
  public static boolean isLeaf(NDArray array) {
    return array.hasGradient();
  }

  /**
   * Returns a handle on the gradient buffer that a backward pass has made, or null where none has
   * reached the array. The caller closes the handle.
   */
  public static NDArray attached(NDArray parameter) {
    NDArray gradient = parameter.getGradient();
    if (gradient.isEmpty() || gradient.getDevice().isGpu()) {
      return keptIfSame(parameter, gradient);
    }
    // a mark in the first bytes tells a buffer that stays from a fresh array, of which there is
    // then never more than one: each has the size of the parameter
    short old = TorchTensors.data(gradient).getShort(0);
    TorchTensors.data(gradient).setShort(0, MARK);
    gradient.close();
    NDArray again = parameter.getGradient();
    if (TorchTensors.data(again).getShort(0) == MARK) {
      TorchTensors.data(again).setShort(0, old);
      if (readable(again)) {
        return again;
      }
    }
    again.close();
    return null;
  }

  private static NDArray keptIfSame(NDArray parameter, NDArray first) {
    try (NDArray second = parameter.getGradient()) {
      if (TorchTensors.data(first).equals(TorchTensors.data(second)) && readable(first)) {
        return first;
      }
    }
    first.close();
    return null;
  }

  private static boolean readable(NDArray array) {
    if (array.getShape().dimension() == 2) {
      return TorchTensors.rowsAreReadable(array);
    }
    // closed: it would belong to the parameter's manager, which lives as long as the model
    try (NDArray row = array.reshape(1, -1)) {
      return TorchTensors.rowsAreReadable(row);
    }
  }
}
