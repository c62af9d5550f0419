package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;

/** Looks up a row of a [V,D] table for every token id: ids [B,T] give [B,T,D]. */
final class TokenTable extends AbstractBlock {
  private final Parameter weight;
  private final long classes;
  private final long width;

  TokenTable(long classes, long width) {
    super((byte) 1);
    this.classes = classes;
    this.width = width;
    weight =
        addParameter(
            Parameter.builder()
                .setName("weight")
                .setType(Parameter.Type.WEIGHT)
                .optShape(new Shape(classes, width))
                .optInitializer(new NormalInitializer(0.02f))
                .build());
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray ids = inputs.head();
    return Embedding.embedding(
        ids, store.getValue(weight, ids.getDevice(), training), SparseFormat.DENSE);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[0].add(width)};
  }

  @Override
  public String toString() {
    return "TokenTable(" + classes + " x " + width + ")";
  }
}
