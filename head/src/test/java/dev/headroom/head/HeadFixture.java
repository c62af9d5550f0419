package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.Random;
import java.util.function.Supplier;

/** Seeded arrays of a small head, and what a backward pass leaves in them. */
final class HeadFixture implements AutoCloseable {
  final NDManager manager = NDManager.newBaseManager();
  final int rows;
  final int width;
  final int classes;
  final NDArray hidden;
  final NDArray weight;
  final NDArray bias;
  final long[] ids;

  HeadFixture(int rows, int width, int classes) {
    this.rows = rows;
    this.width = width;
    this.classes = classes;
    Random random = new Random(20261125);
    hidden = array(random, new Shape(rows, width));
    weight = array(random, new Shape(classes, width));
    bias = array(random, new Shape(classes));
    ids = new long[rows];
    for (int i = 0; i < rows; i++) {
      ids[i] = random.nextInt(classes);
    }
  }

  private NDArray array(Random random, Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    NDArray array = manager.create(values, shape);
    array.setRequiresGradient(true);
    return array;
  }

  /** Hidden states, weight and bias, laid end to end. */
  double[] flat() {
    double[] x = new double[rows * width + classes * width + classes];
    int at = 0;
    for (NDArray part : predictions()) {
      for (float value : part.toFloatArray()) {
        x[at++] = value;
      }
    }
    return x;
  }

  HeadOptions options() {
    return HeadOptions.of(classes, width).withBias(true);
  }

  NDList predictions() {
    return new NDList(hidden, weight, bias);
  }

  NDList targets() {
    return new NDList(manager.create(ids, new Shape(rows)));
  }

  NDList targets(float[] tokenWeights) {
    return new NDList(manager.create(ids, new Shape(rows)), manager.create(tokenWeights));
  }

  /** The same rows as sequences [B,T]; made where gradients are recorded. */
  NDList predictions(int b, int t) {
    return new NDList(hidden.reshape(b, t, width), weight, bias);
  }

  NDList targets(int b, int t) {
    return new NDList(manager.create(ids, new Shape(b, t)));
  }

  /** A loss and the gradients of hidden states, weight and bias. */
  record Outcome(float[] loss, float[] dE, float[] dC, float[] dB) {}

  /** Evaluates, goes backward from the sum, and takes the gradients away. */
  Outcome run(HeadLoss loss, NDList labels, NDList predictions) {
    return run(loss, () -> loss.evaluate(labels, predictions));
  }

  Outcome run(HeadLoss loss, Supplier<NDArray> root) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = root.get();
      collector.backward(value.sum());
      loss.finishBackward();
      return new Outcome(value.toFloatArray(), take(hidden), take(weight), take(bias));
    }
  }

  private static float[] take(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      float[] values = gradient.toFloatArray();
      gradient.subi(gradient.duplicate());
      return values;
    }
  }

  float[] random(long seed) {
    Random random = new Random(seed);
    float[] values = new float[rows];
    for (int i = 0; i < rows; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  /** Throws anything, checked or not. */
  @SuppressWarnings("unchecked")
  static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Override
  public void close() {
    manager.close();
  }
}
