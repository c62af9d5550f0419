package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.Reduction;

/**
 * Holds the only checks of what reaches the kernels: types, shapes, targets, arrays that are still
 * open.
 */
public final class Shapes {

  private Shapes() {}

  /**
   * Makes a problem of DJL's labels and predictions.
   *
   * @param labels one array of N class ids, int32 or int64, of the leading shape of the hidden
   *     states
   * @param predictions {@code (hidden [..., D], weight [V,D][, bias [V]])}
   * @param options what to compute
   * @return the problem, its arrays detached from autograd and owned by the manager of the hidden
   *     states
   */
  public static HeadProblem problem(NDList labels, NDList predictions, HeadOptions options) {
    int expected = options.bias() ? 3 : 2;
    require(
        predictions.size() == expected,
        "predictions",
        predictions.size() + " arrays",
        expected
            + ", as VocabularyHead returns them: hidden, weight"
            + (options.bias() ? ", bias" : ""));
    require(labels.size() == 1, "labels", labels.size() + " arrays", "1, the targets");
    NDArray hidden = matrix("hidden states", predictions.get(0), options.width());
    NDArray weight = classifier(predictions.get(1), options);
    NDArray bias = options.bias() ? bias(predictions.get(2), options) : null;
    long[] targets = targets(labels.get(0), hidden, predictions.get(0), options);
    float[] r = new float[targets.length];
    float scale =
        options.reduction() == Reduction.MEAN ? 1f / Math.max(1, kept(targets, options)) : 1f;
    for (int i = 0; i < r.length; i++) {
      r[i] = targets[i] == options.ignoreIndex() ? 0 : scale;
    }
    return new HeadProblem(hidden, weight, bias, targets, null, r, r, null, options);
  }

  /** Returns the hidden states as a detached [N,D] view after checking them. */
  public static NDArray matrix(String name, NDArray array, long width) {
    checkFloat32(name, array);
    Shape shape = array.getShape();
    require(shape.dimension() >= 1, name, shape, "[..., " + width + "]");
    long columns = shape.get(shape.dimension() - 1);
    require(columns == width, name + " columns", columns, width + ", the width of the classifier");
    try (NDArray detached = array.stopGradient()) {
      return detached.reshape(shape.size() / Math.max(1, width), width);
    }
  }

  private static NDArray classifier(NDArray weight, HeadOptions options) {
    checkFloat32("classifier", weight);
    Shape shape = weight.getShape();
    Shape expected = new Shape(options.classes(), options.width());
    require(shape.equals(expected), "classifier", shape, expected);
    return weight;
  }

  private static NDArray bias(NDArray bias, HeadOptions options) {
    checkFloat32("bias", bias);
    require(
        bias.getShape().equals(new Shape(options.classes())),
        "bias",
        bias.getShape(),
        new Shape(options.classes()));
    return bias;
  }

  private static long[] targets(
      NDArray labels, NDArray hidden, NDArray original, HeadOptions options) {
    checkOpen("targets", labels);
    long n = hidden.getShape().get(0);
    Shape leading = original.getShape().slice(0, original.getShape().dimension() - 1);
    boolean column = labels.getShape().equals(leading.add(1));
    require(
        labels.getShape().equals(leading) || column,
        "targets",
        labels.getShape(),
        leading + ", one for each row of the hidden states " + original.getShape());
    require(n <= Integer.MAX_VALUE - 16, "rows", n, "at most 2147483631");
    long[] targets = toLongs(labels);
    for (int i = 0; i < targets.length; i++) {
      boolean good =
          targets[i] == options.ignoreIndex()
              || (targets[i] >= 0 && targets[i] < options.classes());
      require(
          good,
          "target of row " + i,
          targets[i],
          "0 to " + (options.classes() - 1) + ", or the ignore index " + options.ignoreIndex());
    }
    return targets;
  }

  private static long[] toLongs(NDArray labels) {
    if (labels.getDataType() == DataType.INT64) {
      return labels.toLongArray();
    }
    require(
        labels.getDataType() == DataType.INT32, "targets", labels.getDataType(), "INT32 or INT64");
    int[] narrow = labels.toIntArray();
    long[] targets = new long[narrow.length];
    for (int i = 0; i < narrow.length; i++) {
      targets[i] = narrow[i];
    }
    return targets;
  }

  /** Returns how many rows are not ignored. */
  public static int kept(long[] targets, HeadOptions options) {
    int kept = 0;
    for (long target : targets) {
      kept += target == options.ignoreIndex() ? 0 : 1;
    }
    return kept;
  }

  private static void checkFloat32(String name, NDArray array) {
    checkOpen(name, array);
    // named before DJL touches it: its PyTorch binding ends the whole JVM over some BFLOAT16 calls
    require(
        array.getDataType() == DataType.FLOAT32,
        name,
        array.getDataType(),
        "FLOAT32; bfloat16 is a compute type: HeadOptions.withCompute(ComputeType.BFLOAT16)");
  }

  private static void checkOpen(String name, NDArray array) {
    if (array.isReleased()) {
      throw new IllegalStateException(
          name
              + ": closed (expected: an open array; keep its manager open until the loss"
              + " and its backward pass are done)");
    }
  }

  private static void require(boolean good, String name, Object actual, Object rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }
}
