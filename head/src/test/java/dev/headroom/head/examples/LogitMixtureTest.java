package dev.headroom.head.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Two heads over the same classes whose logits are mixed, {@code z = (1 - g) <e, c> + g <e2, c2>}
 * with a gate g of each row: one head on {@code [(1 - g) e, g e2]} and {@code [c, c2]}. And two
 * heads over other classes on the same e, such as an auxiliary classifier: the sum of two losses.
 */
class LogitMixtureTest {
  private static final int ROWS = 7;
  private static final int WIDTH = 5;
  private static final int OTHER = 3;
  private static final int CLASSES = 23;
  private static final int TAGS = 4;

  private final Random random = new Random(8);

  private NDArray array(NDManager manager, long... shape) {
    float[] values = new float[(int) new Shape(shape).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    NDArray array = manager.create(values, new Shape(shape));
    array.setRequiresGradient(true);
    return array;
  }

  private NDArray targets(NDManager manager, int classes) {
    return manager.create(random.ints(ROWS, 0, classes).asLongStream().toArray());
  }

  /** The mean cross-entropy from all logits. */
  private static NDArray plain(NDArray logits, NDArray targets) {
    return logits.logSoftmax(1).gather(targets.reshape(ROWS, 1), 1).mean().neg();
  }

  private static float[][] run(NDManager manager, Supplier<NDArray> loss, NDArray... leaves) {
    float[][] result = new float[leaves.length + 1][];
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.get();
      collector.backward(value);
      result[leaves.length] = value.toFloatArray();
    }
    for (int i = 0; i < leaves.length; i++) {
      try (NDArray gradient = leaves[i].getGradient()) {
        result[i] = gradient.toFloatArray();
        gradient.subi(gradient.duplicate());
      }
    }
    return result;
  }

  private static void same(float[][] expected, float[][] actual) {
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], actual[i], 2e-6f, "array " + i);
      double largest = 0;
      for (float entry : expected[i]) {
        largest = Math.max(largest, Math.abs(entry));
      }
      assertTrue(largest > 1e-3, "array " + i + " shows nothing: " + largest);
    }
  }

  @Test
  void mixedLogitsAreOneHeadOnConcatenatedColumns() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray e = array(manager, ROWS, WIDTH);
      NDArray e2 = array(manager, ROWS, OTHER);
      NDArray c = array(manager, CLASSES, WIDTH);
      NDArray c2 = array(manager, CLASSES, OTHER);
      NDArray gate = array(manager, ROWS, 1);
      NDArray targets = targets(manager, CLASSES);
      NDArray one = manager.create(1f);
      HeadLoss head = new HeadLoss(HeadOptions.of(CLASSES, WIDTH + OTHER));
      Supplier<NDArray> mixed =
          () -> {
            NDArray g = gate.getNDArrayInternal().sigmoid();
            NDArray hidden = e.mul(one.sub(g)).concat(e2.mul(g), 1);
            return head.evaluate(new NDList(targets), new NDList(hidden, c.concat(c2, 1)));
          };
      Supplier<NDArray> plain =
          () -> {
            NDArray g = gate.getNDArrayInternal().sigmoid();
            NDArray logits = e.matMul(c.transpose()).mul(one.sub(g));
            return plain(logits.add(e2.matMul(c2.transpose()).mul(g)), targets);
          };
      same(run(manager, plain, e, e2, c, c2, gate), run(manager, mixed, e, e2, c, c2, gate));
    }
  }

  @Test
  void anAuxiliaryClassifierAddsItsGradientOfTheHiddenStates() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray e = array(manager, ROWS, WIDTH);
      NDArray c = array(manager, CLASSES, WIDTH);
      NDArray tagger = array(manager, TAGS, WIDTH);
      NDArray targets = targets(manager, CLASSES);
      NDArray tags = targets(manager, TAGS);
      NDArray share = manager.create(0.3f);
      HeadLoss tokens = new HeadLoss(HeadOptions.of(CLASSES, WIDTH));
      HeadLoss auxiliary = new HeadLoss(HeadOptions.of(TAGS, WIDTH));
      Supplier<NDArray> both =
          () -> {
            NDArray own = tokens.evaluate(new NDList(targets), new NDList(e, c));
            NDArray other = auxiliary.evaluate(new NDList(tags), new NDList(e, tagger));
            return own.add(other.mul(share));
          };
      Supplier<NDArray> plain =
          () ->
              plain(e.matMul(c.transpose()), targets)
                  .add(plain(e.matMul(tagger.transpose()), tags).mul(share));
      same(run(manager, plain, e, c, tagger), run(manager, both, e, c, tagger));
    }
  }
}
