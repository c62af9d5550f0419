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

  DecoderLayer(TrainSettings settings) {
    super((byte) 1);
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
    NDArray wide = Activation.gelu(up.forward(store, inner, training).head());
    NDArray narrow = down.forward(store, new NDList(wide), training).head();
    return new NDList(x.add(dropped(narrow, training)), inputs.get(1));
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
