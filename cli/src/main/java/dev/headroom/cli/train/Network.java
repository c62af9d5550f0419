package dev.headroom.cli.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Delivery;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.NumberTokens;
import dev.headroom.head.SphericalFunction;
import dev.headroom.head.SphericalHead;
import dev.headroom.head.SphericalLoss;
import dev.headroom.head.VocabularyHead;
import java.util.Collection;
import java.util.Locale;

/** The model with its loss: what a batch costs, and the gradients of that. */
final class Network implements AutoCloseable {
  private final Engine engine = Engine.getEngine("PyTorch");
  private final NDManager manager = engine.newBaseManager();
  private final ParameterStore store = new ParameterStore(manager, false);
  private final long classes;
  private final boolean plain;
  private final Decoder decoder;
  private final Loss loss;
  private final VocabularyHead head;
  private double lossSeconds;

  Network(TrainSettings settings, long classes) {
    this(settings, classes, settings.addedLoss() == null ? null : TokenSink.numbers(), null);
  }

  /**
   * Makes a network.
   *
   * @param numbers number tokens among the classes, for a loss on them; else unused
   * @param function loss of a spherical head, or null for a softmax head
   */
  Network(TrainSettings settings, long classes, NumberTokens numbers, SphericalFunction function) {
    this.classes = classes;
    plain = settings.plain();
    // not the engine's start-up property: an engine that is running already would ignore it
    JniUtils.setNumThreads(settings.threads());
    seed(settings.seed());
    Block last;
    if (plain) {
      head = null;
      last = Linear.builder().setUnits(classes).optBias(false).build();
      last.setInitializer(new NormalInitializer(0.02f), Parameter.Type.WEIGHT);
      loss = new SoftmaxCrossEntropyLoss("loss", 1, -1, true, true);
    } else if (function != null) {
      head = null;
      SphericalHead spherical = new SphericalHead(options(settings, classes, null), function);
      last = spherical;
      loss = new SphericalLoss(spherical);
    } else {
      HeadOptions options = options(settings, classes, numbers);
      head = new VocabularyHead(options);
      last = head;
      loss = new HeadLoss(options);
    }
    decoder = new Decoder(settings, classes, last);
    decoder.initialize(manager, DataType.FLOAT32, new Shape(settings.batch(), settings.context()));
  }

  private static HeadOptions options(TrainSettings s, long classes, NumberTokens numbers) {
    HeadOptions options =
        HeadOptions.of(classes, s.width())
            .withZLoss(s.zLoss())
            .withDelivery(Delivery.valueOf(s.delivery().toUpperCase(Locale.ROOT)))
            .withCompute(ComputeType.valueOf(s.compute().toUpperCase(Locale.ROOT)))
            .withWorkspaceBytes(s.workspaceBytes())
            .withThreads(s.threads());
    NumberLoss added = s.addedLoss();
    return added == null ? options : options.withRowLosses(added.over(numbers));
  }

  /** Returns the manager that everything of a step is made in; the caller closes it. */
  NDManager stepManager() {
    return manager.newSubManager();
  }

  /** Sets the engine's generator, from which dropout draws. */
  void seed(long seed) {
    engine.setRandomSeed((int) (seed ^ (seed >>> 32)));
  }

  /** Computes the loss of a batch and leaves its gradients in the parameters. */
  float forwardBackward(Batches.Pair batch) {
    float value;
    try (GradientCollector collector = engine.newGradientCollector()) {
      NDArray result = lossOf(batch, true);
      collector.backward(result);
      value = result.getFloat();
    }
    if (loss instanceof HeadLoss headLoss) {
      headLoss.finishBackward();
    } else if (loss instanceof SphericalLoss spherical) {
      spherical.finishBackward();
    }
    return value;
  }

  /**
   * Computes the mean negative log-likelihood of a batch, in nats a token, whatever else the
   * training loss holds (z-loss, losses on numbers), so that runs can be compared.
   */
  double nll(Batches.Pair batch) {
    float value = lossOf(batch, false).getFloat();
    return loss instanceof HeadLoss headLoss ? mean(headLoss.output().nll()) : value;
  }

  private static double mean(float[] nll) {
    double sum = 0;
    for (float one : nll) {
      sum += one;
    }
    return sum / nll.length;
  }

  private NDArray lossOf(Batches.Pair batch, boolean training) {
    NDList out = decoder.forward(store, new NDList(batch.inputs()), training);
    if (!plain) {
      long start = System.nanoTime();
      NDArray value = loss.evaluate(new NDList(batch.targets()), out);
      lossSeconds = (System.nanoTime() - start) / 1e9;
      return value;
    }
    NDArray logits = out.head().reshape(-1, classes);
    return loss.evaluate(new NDList(batch.targets().flatten()), new NDList(logits));
  }

  /**
   * Returns the seconds that the head's loss took for the last batch, gradients of a training batch
   * included; 0 with DJL's own head.
   */
  double lossSeconds() {
    return lossSeconds;
  }

  /** Returns what the head hands to its loss: hidden states [..., D] and the classifier [V,D]. */
  NDList predict(NDArray inputs) {
    return decoder.forward(store, new NDList(inputs), false);
  }

  /** Returns what this network holds most likely after windows of T tokens. */
  NumberReading.Guesses guesses(NumberTokens numbers) {
    return new NetworkGuesses(this, head, numbers);
  }

  Collection<Parameter> parameters() {
    return decoder.getParameters().values();
  }

  Decoder decoder() {
    return decoder;
  }

  /** Names what computes the loss. */
  String backend() {
    if (loss instanceof SphericalLoss spherical) {
      return spherical.backend().toString().toLowerCase(Locale.ROOT);
    }
    return loss instanceof HeadLoss headLoss
        ? headLoss.backend().toString().toLowerCase(Locale.ROOT)
        : "plain";
  }

  @Override
  public void close() {
    if (loss instanceof HeadLoss headLoss) {
      headLoss.releaseMemory();
    } else if (loss instanceof SphericalLoss spherical) {
      spherical.releaseMemory();
    }
    manager.close();
  }
}
