package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;

/**
 * Attends to earlier positions with several heads: {@code softmax(q k^T / sqrt(d) + mask) v}.
 *
 * <p>Takes [B,T,D] and the mask [T,T] (0 where a position may look, a large negative number
 * elsewhere), gives [B,T,D]. Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.
 */
final class Attention extends AbstractBlock {
  private final int heads;
  private final Linear project;
  private final Linear merge;
  private NDArray scale;

  Attention(int width, int heads, float mergeDeviation) {
    super((byte) 1);
    this.heads = heads;
    project = addChildBlock("project", Linear.builder().setUnits(3L * width).build());
    merge = addChildBlock("merge", Linear.builder().setUnits(width).build());
    float deviation = (float) (1 / Math.sqrt(width));
    project.setInitializer(new NormalInitializer(deviation), Parameter.Type.WEIGHT);
    merge.setInitializer(new NormalInitializer(mergeDeviation), Parameter.Type.WEIGHT);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray x = inputs.get(0);
    long b = x.getShape().get(0);
    long t = x.getShape().get(1);
    long d = x.getShape().get(2);
    NDArray qkv =
        project
            .forward(store, new NDList(x), training)
            .head()
            .reshape(b, t, 3, heads, d / heads)
            .transpose(2, 0, 3, 1, 4);
    NDArray q = qkv.get(0).mul(scale);
    NDArray weights = q.matMul(qkv.get(1).transpose(0, 1, 3, 2)).add(inputs.get(1)).softmax(-1);
    NDArray mixed = weights.matMul(qkv.get(2)).transpose(0, 2, 1, 3).reshape(b, t, d);
    return merge.forward(store, new NDList(mixed), training);
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
    project.initialize(manager, type, shapes[0]);
    merge.initialize(manager, type, shapes[0]);
    // Not mul(Number): DJL wraps a Java buffer for it, which may be collected before the backward
    // pass reads it, and
    // the gradient of q is then 0 or worse.
    scale = manager.create((float) Math.sqrt((double) heads / shapes[0].get(2)));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[0]};
  }
}
