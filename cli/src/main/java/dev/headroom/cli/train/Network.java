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

  Network(TrainSettings settings, long classes) {
    this.classes = classes;
    plain = settings.plain();
    // not the engine's start-up property: an engine that is running already would ignore it
    JniUtils.setNumThreads(settings.threads());
    seed(settings.seed());
    Block head;
    if (plain) {
      head = Linear.builder().setUnits(classes).optBias(false).build();
      head.setInitializer(new NormalInitializer(0.02f), Parameter.Type.WEIGHT);
      loss = new SoftmaxCrossEntropyLoss("loss", 1, -1, true, true);
    } else {
      HeadOptions options = options(settings, classes);
      head = new VocabularyHead(options);
      loss = new HeadLoss(options);
    }
    decoder = new Decoder(settings, classes, head);
    decoder.initialize(manager, DataType.FLOAT32, new Shape(settings.batch(), settings.context()));
  }

  private static HeadOptions options(TrainSettings s, long classes) {
    return HeadOptions.of(classes, s.width())
        .withZLoss(s.zLoss())
        .withDelivery(Delivery.valueOf(s.delivery().toUpperCase(Locale.ROOT)))
        .withCompute(ComputeType.valueOf(s.compute().toUpperCase(Locale.ROOT)))
        .withWorkspaceBytes(s.workspaceBytes())
        .withThreads(s.threads());
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
    }
    return value;
  }

  /** Computes the loss of a batch alone. */
  float forward(Batches.Pair batch) {
    return lossOf(batch, false).getFloat();
  }

  private NDArray lossOf(Batches.Pair batch, boolean training) {
    NDList out = decoder.forward(store, new NDList(batch.inputs()), training);
    if (!plain) {
      return loss.evaluate(new NDList(batch.targets()), out);
    }
    NDArray logits = out.head().reshape(-1, classes);
    return loss.evaluate(new NDList(batch.targets().flatten()), new NDList(logits));
  }

  /** Returns what the head hands to its loss: hidden states [..., D] and the classifier [V,D]. */
  NDList predict(Batches.Pair batch) {
    return decoder.forward(store, new NDList(batch.inputs()), false);
  }

  Collection<Parameter> parameters() {
    return decoder.getParameters().values();
  }

  Decoder decoder() {
    return decoder;
  }

  /** Names what computes the loss. */
  String backend() {
    return loss instanceof HeadLoss headLoss
        ? headLoss.backend().toString().toLowerCase(Locale.ROOT)
        : "plain";
  }

  @Override
  public void close() {
    if (loss instanceof HeadLoss headLoss) {
      headLoss.releaseMemory();
    }
    manager.close();
  }
}
