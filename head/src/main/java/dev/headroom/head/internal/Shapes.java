package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadOptions;

/**
 * Holds, with {@link Labels}, the only checks of what reaches the kernels: types, shapes, targets,
 * arrays that are still open.
 */
public final class Shapes {

  private Shapes() {}

  /**
   * Makes a problem of DJL's labels and predictions.
   *
   * @param labels class ids, int32 or int64, of the leading shape of the hidden states, and token
   *     weights, float32, of the same shape where there are any; with soft targets ids and weights
   *     [..., k] take the place of the ids
   * @param predictions {@code (hidden [..., D], weight [V,D][, bias [V]])}, float32 or float16
   * @param options what to compute
   * @return the problem; its hidden states and bias are detached views, owned by the manager of the
   *     hidden states, for the caller to close
   */
  public static HeadProblem problem(NDList labels, NDList predictions, HeadOptions options) {
    int expected = options.bias() ? 3 : 2;
    require(
        predictions.size() == expected,
        "predictions",
        predictions.size() + " arrays",
        expected,
        ", as VocabularyHead returns them: hidden, weight",
        options.bias() ? ", bias" : "");
    NDArray weight = classifier(predictions.get(1), options);
    checkHidden(predictions.get(0), options);
    if (options.bias()) {
      checkBias(predictions.get(2), options);
    }
    Labels read = Labels.of(labels, predictions.get(0).getShape(), options);
    RowScales scales = RowScales.of(read, options);
    return new HeadProblem(
        matrix(predictions.get(0), options.width()),
        weight,
        options.bias() ? float32(predictions.get(2), predictions.get(0)) : null,
        read.targets(),
        read.soft(),
        scales.r(),
        scales.rZ(),
        null,
        options);
  }

  private static void checkHidden(NDArray hidden, HeadOptions options) {
    checkType("hidden states", hidden);
    Shape shape = hidden.getShape();
    require(shape.dimension() >= 1, "hidden states", shape, "[..., ", options.width(), "]");
    long columns = shape.get(shape.dimension() - 1);
    require(
        columns == options.width(),
        "hidden states columns",
        columns,
        options.width(),
        ", the width of the classifier");
    long rows = shape.size() / columns;
    require(rows <= Integer.MAX_VALUE - 16, "rows", rows, "at most 2147483631");
  }

  /** Returns checked hidden states as a detached [N,D] view, for the caller to close. */
  static NDArray hidden(NDArray hidden, HeadOptions options) {
    checkHidden(hidden, options);
    return matrix(hidden, options.width());
  }

  /** Returns the hidden states as a detached [N,D] view, a copy where they do not lie so. */
  static NDArray matrix(NDArray hidden, long width) {
    NDArray detached = hidden.stopGradient();
    if (detached.getShape().dimension() == 2) {
      return detached;
    }
    try (detached) {
      return detached.reshape(hidden.size() / width, width);
    }
  }

  static NDArray float32(NDArray array, NDArray owner) {
    NDArray detached = array.stopGradient();
    detached.attach(owner.getManager());
    if (detached.getDataType() == DataType.FLOAT32) {
      return detached;
    }
    try (detached) {
      return detached.toType(DataType.FLOAT32, true);
    }
  }

  private static NDArray classifier(NDArray weight, HeadOptions options) {
    checkType("classifier", weight);
    Shape shape = weight.getShape();
    Shape expected = new Shape(options.classes(), options.width());
    require(shape.equals(expected), "classifier", shape, expected);
    if (options.delivery() == Delivery.FUSED && weight.getDataType() == DataType.FLOAT16) {
      throw new IllegalArgumentException(
          "delivery: FUSED with a float16 classifier (expected: AUTOGRAD, since a float16 loss is scaled before the"
              + " backward pass)");
    }
    return weight;
  }

  private static void checkBias(NDArray bias, HeadOptions options) {
    checkType("bias", bias);
    Shape expected = new Shape(options.classes());
    require(bias.getShape().equals(expected), "bias", bias.getShape(), expected);
  }

  static void checkType(String name, NDArray array) {
    checkOpen(name, array);
    // named before DJL touches it: its PyTorch binding ends the whole JVM over some BFLOAT16 calls
    require(
        array.getDataType() == DataType.FLOAT32 || array.getDataType() == DataType.FLOAT16,
        name,
        array.getDataType(),
        "FLOAT32 or FLOAT16; bfloat16 is a compute type: HeadOptions.withCompute(ComputeType.BFLOAT16)");
  }

  static void checkOpen(String name, NDArray array) {
    if (array.isReleased()) {
      throw new IllegalStateException(
          name
              + ": closed (expected: an open array; keep its manager open until the loss"
              + " and its backward pass are done)");
    }
  }

  /** Throws where something is not good; the parts of the rule are put together only then. */
  static void require(boolean good, String name, Object actual, Object... rule) {
    if (!good) {
      StringBuilder expected = new StringBuilder();
      for (Object part : rule) {
        expected.append(part);
      }
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + expected + ")");
    }
  }

  /** Refuses an option where it is set. */
  public static void refuse(boolean set, String name, Object actual, Object rule) {
    require(!set, name, actual, rule + " with a spherical head");
  }
}
