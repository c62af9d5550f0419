package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * Hands gradients that the kernels have formed to autograd: {@code value + (s - s.stopGradient())}
 * keeps the value's bits and has the gradient of s. Products are float32, where float16 would
 * overflow.
 */
final class Autograd {

  private Autograd() {}

  /** Adds a term of value 0 whose gradient with respect to the operand is upstream x gradient. */
  static NDArray attach(NDArray loss, NDArray operand, NDArray gradient) {
    NDManager manager = loss.getManager();
    // operand first would put every intermediate into the operand's manager, the model's for a
    // parameter
    NDArray flat = operand.flatten();
    flat.attach(manager);
    NDArray wide = gradient.flatten();
    // float16: toType() would cut the graph, but a product of two types is float32 and does not
    NDArray s = flat.getDataType() == DataType.FLOAT32 ? wide.dot(flat) : wide.mul(flat).sum();
    return loss.add(s.sub(s.stopGradient()));
  }

  /** The same for one value a row [N]: each row's upstream x its row of the gradient [N,D]. */
  static NDArray attachRows(NDArray values, NDArray hidden, NDArray gradient) {
    NDArray s = gradient.mul(hidden.reshape(gradient.getShape())).sum(new int[] {1});
    return values.add(s.sub(s.stopGradient())).reshape(new Shape(values.size()));
  }
}
