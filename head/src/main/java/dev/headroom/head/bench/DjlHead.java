package dev.headroom.head.bench;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.SphericalFunction.ZLoss;
import dev.headroom.head.SphericalLoss;
import java.util.Locale;

/**
 * A head in this process, under DJL's gradient collector: DJL's matMul with its softmax
 * cross-entropy, or one of Headroom's, some with another loss.
 *
 * <p>Its peak is the process's peak resident set in a turn less what was resident before (inputs
 * and the classifier's gradient buffer) and less dE.
 */
final class DjlHead implements Contestant {
  // DJL's head was seen to hold ten N x V float32 arrays at its peak
  private static final long PLAIN_COPIES = 10;

  /** The loss of the spherical head. */
  private static final ZLoss SPHERICAL = new ZLoss(0.1, 10);

  private final String name;
  private final HeadShape shape;
  private final HeadOptions options;
  private final Loss loss;
  private final BenchPairs.Pair pair;

  DjlHead(String name, HeadShape shape, HeadOptions options, Loss loss) {
    this(name, shape, options, loss, null);
  }

  private DjlHead(
      String name, HeadShape shape, HeadOptions options, Loss loss, BenchPairs.Pair pair) {
    this.name = name;
    this.shape = shape;
    this.options = options;
    this.loss = loss;
    this.pair = pair;
  }

  /** Returns DJL's own head. */
  static DjlHead plain(HeadShape shape) {
    return new DjlHead("djl-plain", shape, null, new SoftmaxCrossEntropyLoss());
  }

  /** Returns one of Headroom's heads. */
  static DjlHead headroom(String name, HeadShape shape, HeadOptions options) {
    return new DjlHead(name, shape, options, new HeadLoss(options));
  }

  /** Returns Headroom's head of a loss of the spherical family. */
  static DjlHead spherical(String name, HeadShape shape, HeadOptions options) {
    return new DjlHead(name, shape, options, new SphericalLoss(options, SPHERICAL));
  }

  /** Returns Headroom's head with a loss that compares it with another head. */
  static DjlHead pair(String name, HeadShape shape, HeadOptions options, BenchPairs.Pair pair) {
    return new DjlHead(name, shape, options, pair.loss(), pair);
  }

  @Override
  public String name() {
    return name;
  }

  /** Returns what the head was made with, or null for DJL's. */
  HeadOptions options() {
    return options;
  }

  /** Returns what its loss should be. */
  double truth(ExactLoss exact) {
    return loss instanceof SphericalLoss ? exact.spherical(SPHERICAL) : exact.softmax();
  }

  @Override
  public String engine() {
    if (loss instanceof SphericalLoss) {
      return "gram";
    }
    if (pair != null) {
      return "pair";
    }
    return loss instanceof HeadLoss head
        ? head.engine(shape.n()).name().toLowerCase(Locale.ROOT)
        : "logits";
  }

  @Override
  public long neededBytes() {
    if (options == null) {
      return PLAIN_COPIES * 4 * shape.n() * shape.v() + shape.gradientBytes();
    }
    long copies = options.delivery() == Delivery.AUTOGRAD ? 8L * shape.v() * shape.d() : 0;
    // (at most three passes with a workspace each, and a normalised copy of the classifier)
    long passes = pair == null ? 1 : 3;
    copies += pair == null ? 0 : 4L * shape.v() * shape.d();
    return passes * options.workspaceBytes() + shape.gradientBytes() + copies;
  }

  @Override
  public Turn turn(BenchInputs inputs, boolean memory) {
    NDManager manager = inputs.hidden().getManager();
    try (NDManager batch = manager.newSubManager()) {
      NDArray e = inputs.hidden().duplicate();
      e.attach(batch);
      // nothing is recorded before the collector is there: a copy of a leaf would want no gradient
      e.setRequiresGradient(true);
      boolean reset = memory && releaseAndReset();
      long before = ProcessMemory.residentBytes();
      long start = System.nanoTime();
      float value;
      try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
        NDArray mean = loss.evaluate(labels(inputs, e), predictions(e, inputs.weight()));
        collector.backward(mean);
        value = mean.getFloat();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      long extra = ProcessMemory.peakBytes() - before - 4L * e.size();
      if (loss instanceof HeadLoss head) {
        head.finishBackward();
      }
      if (loss instanceof SphericalLoss head) {
        head.finishBackward();
      }
      if (pair != null) {
        pair.finish().run();
      }
      return new Turn(seconds, value, reset ? Math.max(0, extra) : -1);
    } catch (EngineException | HeadException e) {
      throw new TurnFailure(String.valueOf(e.getMessage()), e);
    } finally {
      zero(inputs.weight());
      zero(inputs.hidden());
    }
  }

  private boolean releaseAndReset() {
    if (loss instanceof HeadLoss head) {
      head.releaseMemory();
    }
    if (loss instanceof SphericalLoss head) {
      head.releaseMemory();
    }
    if (pair != null) {
      pair.release().run();
    }
    return ProcessMemory.resetPeak();
  }

  private NDList labels(BenchInputs inputs, NDArray hidden) {
    return pair == null ? new NDList(inputs.targets()) : pair.labels(inputs, hidden);
  }

  private NDList predictions(NDArray e, NDArray weight) {
    if (options != null) {
      return new NDList(e, weight);
    }
    NDArray transposed = weight.transpose();
    transposed.attach(e.getManager());
    return new NDList(e.matMul(transposed));
  }

  private static void zero(NDArray array) {
    try (NDArray gradient = array.getGradient()) {
      if (gradient != null) {
        gradient.muli(0);
      }
    }
  }
}
