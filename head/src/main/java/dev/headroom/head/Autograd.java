package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.internal.FusedDelivery;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Wanted;
import java.util.function.Function;

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
    if (operand.getShape().dimension() == 1) {
      // a masked class has a bias of minus infinity, which its gradient of 0 would make NaN of
      flat = NDArrays.where(flat.isInfinite(), flat.zerosLike(), flat);
    }
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

  /** Attaches every gradient of a result to the prediction that it belongs to. */
  static NDArray attachAll(NDArray value, NDList predictions, HeadResult result) {
    NDArray[] gradients = {result.dE(), result.dC(), result.dB()};
    NDArray loss = value;
    for (int i = 0; i < gradients.length; i++) {
      loss = gradients[i] == null ? loss : attach(loss, predictions.get(i), gradients[i]);
    }
    return loss;
  }

  /**
   * Hands the parameters' gradient buffers to whoever adds to them.
   *
   * @param form makes the loss, its gradients of the parameters added to the buffers that it gets
   * @return the loss, or null where the engine gives no gradient buffer that stays
   */
  static NDArray fused(NDList predictions, Wanted wanted, Function<Wanted, NDArray> form) {
    try (NDArray intoC = wanted.classifier() ? FusedDelivery.buffer(predictions.get(1)) : null;
        NDArray intoB = wanted.bias() ? FusedDelivery.buffer(predictions.get(2)) : null) {
      boolean missing = (wanted.classifier() && intoC == null) || (wanted.bias() && intoB == null);
      return missing ? null : form.apply(wanted.into(intoC, intoB));
    }
  }
}
