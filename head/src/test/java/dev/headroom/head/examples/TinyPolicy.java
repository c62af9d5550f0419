package dev.headroom.head.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A model small enough that all logits can be had: one layer, then the head. The log-probabilities
 * of its answers come from {@link HeadLoss#rows} or, to hold that against, from plain operations of
 * DJL.
 */
final class TinyPolicy implements AutoCloseable {
  private static final int FEATURES = 6;
  private static final int WIDTH = 8;
  private static final int CLASSES = 40;

  final NDManager manager = NDManager.newBaseManager();
  private final int rows;
  private final NDArray features;
  private final NDArray body;
  private final NDArray classifier;
  private final NDArray bias;
  private final NDArray ids;
  private final NDArray counted;
  private final HeadLoss head = new HeadLoss(HeadOptions.of(CLASSES, WIDTH).withBias(true));

  /**
   * Makes answers of random tokens to random prompts; the first token of each is the prompt's and
   * ignored, answers get shorter by one each, padded by ignored rows, down to two tokens.
   */
  TinyPolicy(int answers, int length, long seed) {
    Random random = new Random(seed);
    rows = answers * length;
    features = array(random, new Shape(answers, length, FEATURES));
    body = array(random, new Shape(FEATURES, WIDTH));
    classifier = array(random, new Shape(CLASSES, WIDTH));
    bias = array(random, new Shape(CLASSES));
    long[] targets = new long[rows];
    float[] counts = new float[rows];
    for (int i = 0; i < rows; i++) {
      int at = i % length;
      boolean answer = at > 0 && at < Math.max(3, length - i / length);
      targets[i] = answer ? random.nextInt(CLASSES) : -100;
      counts[i] = answer ? 1 : 0;
    }
    ids = manager.create(targets, new Shape(answers, length));
    counted = manager.create(counts, new Shape(answers, length));
    for (NDArray parameter : new NDArray[] {body, classifier, bias}) {
      parameter.setRequiresGradient(true);
    }
  }

  private NDArray array(Random random, Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.5 * random.nextGaussian());
    }
    return manager.create(values, shape);
  }

  /** Returns 1 for tokens of answers and 0 elsewhere [answers, length]. */
  NDArray counted() {
    return counted;
  }

  private NDArray hidden() {
    return features.matMul(body).tanh();
  }

  /** Returns the log-probability of each token [answers, length] by the head, 0 where ignored. */
  NDArray logProb() {
    NDList predictions = new NDList(hidden(), classifier, bias);
    return head.rows(new NDList(ids), predictions).logProb().reshape(ids.getShape());
  }

  /** Returns the same from all logits. */
  NDArray plainLogProb() {
    NDArray logits = hidden().reshape(rows, WIDTH).matMul(classifier.transpose()).add(bias);
    NDArray picked = ids.maximum(0).reshape(rows, 1);
    return logits.logSoftmax(1).gather(picked, 1).reshape(ids.getShape()).mul(counted);
  }

  /** Returns the log-probabilities as they are now, as numbers. */
  NDArray frozenLogProb() {
    return manager.create(logProb().toFloatArray(), ids.getShape());
  }

  /** Returns the log-probability of each answer. */
  float[] answers() {
    return frozenLogProb().sum(new int[] {1}).toFloatArray();
  }

  /** Goes one step down a loss of the log-probabilities; returns the loss before it. */
  float step(UnaryOperator<NDArray> loss, float rate) {
    float before;
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.apply(logProb());
      collector.backward(value);
      head.finishBackward();
      before = value.getFloat();
    }
    for (NDArray parameter : new NDArray[] {body, classifier, bias}) {
      try (NDArray gradient = parameter.getGradient()) {
        parameter.subi(gradient.mul(manager.create(rate)));
        gradient.subi(gradient.duplicate());
      }
    }
    return before;
  }

  /** Holds value and gradients of a loss on the head against those on all logits. */
  void check(UnaryOperator<NDArray> loss) {
    float[][] expected = gradients(loss, false);
    float[][] actual = gradients(loss, true);
    double largest = 0;
    for (int k = 0; k < expected.length; k++) {
      for (int i = 0; i < expected[k].length; i++) {
        assertEquals(expected[k][i], actual[k][i], 1e-5, "array " + k + " element " + i);
        largest = Math.max(largest, k == 0 ? 0 : Math.abs(expected[k][i]));
      }
    }
    assertTrue(largest > 1e-3, "gradients of " + largest + " show nothing");
  }

  private float[][] gradients(UnaryOperator<NDArray> loss, boolean onTheHead) {
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.apply(onTheHead ? logProb() : plainLogProb());
      collector.backward(value);
      head.finishBackward();
      return new float[][] {value.toFloatArray(), take(body), take(classifier), take(bias)};
    }
  }

  private static float[] take(NDArray parameter) {
    try (NDArray gradient = parameter.getGradient()) {
      float[] values = gradient.toFloatArray();
      gradient.subi(gradient.duplicate());
      return values;
    }
  }

  @Override
  public void close() {
    head.releaseMemory();
    manager.close();
  }
}
