package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import dev.headroom.listeners.SpectralAlignment;
import java.util.ArrayList;
import java.util.List;

/**
 * A decoder-only transformer: token table + learned positions, pre-norm layers, final norm, head.
 *
 * <p>Takes ids [B,T] with T the context it was made for and gives what the head gives. Source:
 * Radford et al., Language Models are Unsupervised Multitask Learners (2019), section 2.3.
 */
final class Decoder extends AbstractBlock {
  private static final float MASKED = -1e9f;

  private final TrainSettings settings;
  private final Parameter positions;
  private final TokenTable tokens;
  private final List<DecoderLayer> layers = new ArrayList<>();
  private final LayerNorm norm;
  private final Block head;
  private NDArray mask;

  Decoder(TrainSettings settings, long classes, Block head) {
    super((byte) 1);
    this.settings = settings;
    this.head = head;
    tokens = addChildBlock("tokens", new TokenTable(classes, settings.width()));
    positions =
        addParameter(
            Parameter.builder()
                .setName("positions")
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(settings.context(), settings.width()))
                .optInitializer(new NormalInitializer(0.02f))
                .build());
    for (int i = 0; i < settings.layers(); i++) {
      layers.add(addChildBlock("layer" + i, new DecoderLayer("layer" + i, settings)));
    }
    norm = addChildBlock("norm", LayerNorm.builder().axis(2).build());
    addChildBlock("head", head);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray ids = inputs.head();
    NDArray x = tokens.forward(store, new NDList(ids), training).head();
    x = x.add(store.getValue(positions, ids.getDevice(), training));
    NDList state = new NDList(x, mask);
    for (DecoderLayer layer : layers) {
      state = layer.forward(store, state, training);
    }
    NDList normed = norm.forward(store, new NDList(state.head()), training);
    return head.forward(store, normed, training);
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
    Shape ids = shapes[0];
    Shape x = ids.add(settings.width());
    tokens.initialize(manager, type, ids);
    for (DecoderLayer layer : layers) {
      layer.initialize(manager, type, x);
    }
    norm.initialize(manager, type, x);
    head.initialize(manager, type, x);
    mask = causalMask(manager, settings.context());
  }

  private static NDArray causalMask(NDManager manager, int t) {
    float[] mask = new float[t * t];
    for (int i = 0; i < t; i++) {
      for (int j = i + 1; j < t; j++) {
        mask[i * t + j] = MASKED;
      }
    }
    return manager.create(mask, new Shape(t, t));
  }

  /** Has the inputs of the inner matrices of each layer measured in training. */
  void alignment(SpectralAlignment measured) {
    layers.forEach(layer -> layer.alignment(measured));
  }

  /** Counts all parameters. */
  long paramsTotal() {
    long sum = 0;
    for (Parameter parameter : getParameters().values()) {
      sum += parameter.getArray().size();
    }
    return sum;
  }

  /**
   * Counts the parameters without token table, positions and head: the N of most scaling laws,
   * which a 200k vocabulary would drown.
   */
  long params() {
    long sum = 0;
    for (Pair<String, Parameter> pair : getParameters()) {
      String name = pair.getKey();
      boolean table =
          name.equals("positions") || name.contains("tokens_") || name.contains("head_");
      sum += table ? 0 : pair.getValue().getArray().size();
    }
    return sum;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return head.getOutputShapes(new Shape[] {inputShapes[0].add(settings.width())});
  }
}
