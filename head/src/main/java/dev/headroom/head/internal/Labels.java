package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.HeadProblem.SoftTargets;
import java.util.Arrays;

/**
 * The checked labels of one call on the Java heap, one entry a row, shifted where that is asked
 * for.
 *
 * @param targets N class ids or the ignore index; of soft targets the class of the largest weight
 * @param soft the pairs, their weights multiplied by the class weights, or null
 * @param tokenWeights N weights, or null where all are 1
 */
record Labels(long[] targets, SoftTargets soft, float[] tokenWeights) {

  /**
   * Reads {@code (targets[, token weights])} or, with soft targets, {@code (ids, weights[, token
   * weights])}.
   *
   * @param hidden shape of the hidden states [..., D]
   */
  static Labels of(NDList labels, Shape hidden, HeadOptions options) {
    boolean soft = options.softTargets() > 0;
    int least = soft ? 2 : 1;
    Shapes.require(
        labels.size() == least || labels.size() == least + 1,
        "labels",
        labels.size() + " arrays",
        soft ? "ids and weights of soft targets" : "the targets",
        " and, at most, token weights");
    Shapes.require(
        !options.causalShift() || hidden.dimension() == 3,
        "hidden states",
        hidden,
        "[B, T, ",
        options.width(),
        "], sequences whose positions are shifted");
    Labels read = soft ? pairs(labels, hidden, options) : ids(labels, hidden, options);
    if (labels.size() > least) {
      read = read.weighted(labels.get(least), hidden, options);
    }
    return options.causalShift() ? read.shifted((int) hidden.get(1), options) : read;
  }

  private static Labels ids(NDList labels, Shape hidden, HeadOptions options) {
    long[] targets = classes("target", labels.get(0), hidden, options);
    return new Labels(targets, null, null);
  }

  private static Labels pairs(NDList labels, Shape hidden, HeadOptions options) {
    int k = options.softTargets();
    long[] ids = classes("soft target", labels.get(0), hidden, options);
    float[] q = floats("weights of soft targets", labels.get(1), hidden, k);
    float[] classWeights = options.classWeights();
    long[] targets = new long[ids.length / k];
    Arrays.fill(targets, options.ignoreIndex());
    for (int i = 0; i < targets.length; i++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int at = i * k; at < (i + 1) * k; at++) {
        if (ids[at] == options.ignoreIndex()) {
          continue;
        }
        Shapes.require(
            Float.isFinite(q[at]), "weight of a soft target of row " + i, q[at], "a finite number");
        if (q[at] > most) {
          most = q[at];
          targets[i] = ids[at];
        }
        q[at] *= classWeights == null ? 1 : classWeights[(int) ids[at]];
      }
    }
    return new Labels(targets, new SoftTargets(ids, q), null);
  }

  /** Reads class ids, so many a row, and checks that each is a class or the ignore index. */
  private static long[] classes(String name, NDArray array, Shape hidden, HeadOptions options) {
    int perRow = Math.max(1, options.softTargets());
    Shapes.checkOpen(name + "s", array);
    checkShape(name + "s", array, hidden, options.softTargets());
    boolean integers =
        array.getDataType() == DataType.INT64 || array.getDataType() == DataType.INT32;
    Shapes.require(integers, name + "s", array.getDataType(), "INT32 or INT64");
    Shapes.require(array.size() <= Integer.MAX_VALUE - 16, name + "s", array.size(), "fewer");
    long[] ids =
        array.getDataType() == DataType.INT64
            ? array.toLongArray()
            : Arrays.stream(array.toIntArray()).asLongStream().toArray();
    for (int i = 0; i < ids.length; i++) {
      boolean good = ids[i] == options.ignoreIndex() || (ids[i] >= 0 && ids[i] < options.classes());
      if (!good) {
        Shapes.require(
            false,
            name + " of row " + i / perRow,
            ids[i],
            "0 to " + (options.classes() - 1) + ", or the ignore index " + options.ignoreIndex());
      }
    }
    return ids;
  }

  private static float[] floats(String name, NDArray array, Shape hidden, int pairs) {
    Shapes.checkOpen(name, array);
    checkShape(name, array, hidden, pairs);
    Shapes.require(array.getDataType() == DataType.FLOAT32, name, array.getDataType(), "FLOAT32");
    return array.toFloatArray();
  }

  /** Checks for the leading shape of the hidden states, with a last dimension of so many pairs. */
  private static void checkShape(String name, NDArray array, Shape hidden, int pairs) {
    Shape shape = array.getShape();
    Shape leading = hidden.slice(0, hidden.dimension() - 1);
    Shape expected = pairs == 0 ? leading : leading.add(pairs);
    Shapes.require(
        shape.equals(expected) || (pairs == 0 && shape.equals(leading.add(1))),
        name,
        shape,
        expected,
        ", one for each row of the hidden states ",
        hidden);
  }

  private Labels weighted(NDArray array, Shape hidden, HeadOptions options) {
    float[] weights = floats("token weights", array, hidden, 0);
    for (int i = 0; i < weights.length; i++) {
      boolean good = weights[i] >= 0 && weights[i] < Float.POSITIVE_INFINITY;
      if (!good && targets[i] != options.ignoreIndex()) {
        Shapes.require(false, "token weight of row " + i, weights[i], "0 or a positive number");
      }
    }
    return new Labels(targets, soft, weights);
  }

  /** Holds each position of a sequence against the next token; the last one is ignored. */
  private Labels shifted(int length, HeadOptions options) {
    int n = targets.length;
    int k = options.softTargets();
    long[] next = new long[n];
    float[] weights = tokenWeights == null ? null : new float[n];
    long[] ids = new long[n * k];
    float[] q = new float[n * k];
    Arrays.fill(next, options.ignoreIndex());
    Arrays.fill(ids, options.ignoreIndex());
    for (int i = 0; i + 1 < n; i++) {
      if ((i + 1) % length == 0) {
        continue;
      }
      next[i] = targets[i + 1];
      if (weights != null) {
        weights[i] = tokenWeights[i + 1];
      }
      if (soft != null) {
        System.arraycopy(soft.ids(), (i + 1) * k, ids, i * k, k);
        System.arraycopy(soft.weights(), (i + 1) * k, q, i * k, k);
      }
    }
    return new Labels(next, soft == null ? null : new SoftTargets(ids, q), weights);
  }
}
