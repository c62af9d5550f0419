package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.norm.LayerNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import dev.headroom.listeners.SpectralAlignment;

/**
 * One pre-norm layer: {@code x += attention(norm(x)); x += down(gelu(up(norm(x))))}, inner width 4
 * D.
 */
final class DecoderLayer extends AbstractBlock {
  private final LayerNorm attentionNorm;
  private final Attention attention;
  private final LayerNorm innerNorm;
  private final Linear up;
  private final Linear down;
  private final float dropout;
  private final String name;
  private SpectralAlignment alignment;

  DecoderLayer(String name, TrainSettings settings) {
    super((byte) 1);
    this.name = name;
    int width = settings.width();
    dropout = (float) settings.dropout();
    // the sum over 2 L residual branches keeps its variance
    double depth = Math.sqrt(2.0 * settings.layers());
    attentionNorm = addChildBlock("attention_norm", LayerNorm.builder().axis(2).build());
    float merge = (float) (1 / Math.sqrt(width) / depth);
    attention = addChildBlock("attention", new Attention(width, settings.heads(), merge));
    innerNorm = addChildBlock("inner_norm", LayerNorm.builder().axis(2).build());
    up = addChildBlock("up", Linear.builder().setUnits(4L * width).build());
    down = addChildBlock("down", Linear.builder().setUnits(width).build());
    up.setInitializer(new NormalInitializer((float) (1 / Math.sqrt(width))), Parameter.Type.WEIGHT);
    down.setInitializer(
        new NormalInitializer((float) (1 / Math.sqrt(4.0 * width) / depth)), Parameter.Type.WEIGHT);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray x = inputs.get(0);
    NDArray normed = attentionNorm.forward(store, new NDList(x), training).head();
    NDArray seen = attention.forward(store, new NDList(normed, inputs.get(1)), training).head();
    x = x.add(dropped(seen, training));
    NDList inner = innerNorm.forward(store, new NDList(x), training);
    observe("up", inner.head(), up, store, training);
    NDArray wide = Activation.gelu(up.forward(store, inner, training).head());
    observe("down", wide, down, store, training);
    NDArray narrow = down.forward(store, new NDList(wide), training).head();
    return new NDList(x.add(dropped(narrow, training)), inputs.get(1));
  }

  /** Has what the two inner matrices take in measured. */
  void alignment(SpectralAlignment measured) {
    alignment = measured;
  }

  private void observe(
      String which, NDArray inputs, Linear linear, ParameterStore store, boolean training) {
    if (training && alignment != null) {
      Parameter weight = linear.getParameters().get("weight");
      NDArray array = store.getValue(weight, inputs.getDevice(), true);
      alignment.observe(name + "." + which, inputs, array);
    }
  }

  private NDArray dropped(NDArray x, boolean training) {
    return dropout == 0 ? x : Dropout.dropout(x, dropout, training).head();
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
    Shape x = shapes[0];
    attentionNorm.initialize(manager, type, x);
    attention.initialize(manager, type, x);
    innerNorm.initialize(manager, type, x);
    up.initialize(manager, type, x);
    down.initialize(manager, type, new Shape(x.get(0), x.get(1), 4 * x.get(2)));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
