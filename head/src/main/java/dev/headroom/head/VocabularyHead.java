package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import dev.headroom.head.internal.Prediction;

/**
 * Holds a classifier over a large vocabulary and hands it, with the hidden states, to {@link
 * HeadLoss}.
 *
 * <p>Takes the place of a {@code Linear} layer at the end of a network: {@code forward(e [..., D])}
 * returns {@code (e, c [V,D][, b [V]])} and forms no logits. {@link #topK} and {@link #sample}
 * predict with tiles of logits, {@link #logits} with all of them.
 *
 * <p>Parameters: {@code weight} [V,D], float32, normal with deviation 0.02 where no initializer is
 * set, unless it is another block's; {@code bias} [V], zeros, where {@link HeadOptions#bias} is on.
 * Do not use it where all N x V logits are needed in training.
 */
public final class VocabularyHead extends AbstractBlock {
  private static final byte VERSION = 1;

  private final HeadOptions options;
  private final boolean tied;
  private final Parameter weight;
  private final Parameter bias;

  /**
   * Creates a head with its own classifier.
   *
   * @param options sizes and what the loss computes
   */
  public VocabularyHead(HeadOptions options) {
    this(options, null);
  }

  /**
   * Creates a head whose classifier is a parameter of another block, such as an embedding table:
   * its gradient is the sum of both uses, and it is initialised, stepped and saved once, by its
   * owner.
   *
   * @param options sizes and what the loss computes
   * @param shared parameter [V,D] that another block of the same model owns, or null for an own one
   */
  @SuppressWarnings("this-escape")
  public VocabularyHead(HeadOptions options, Parameter shared) {
    super(VERSION);
    this.options = options;
    tied = shared != null;
    weight =
        tied
            ? shared
            : addParameter(
                Parameter.builder()
                    .setName("weight")
                    .setType(Parameter.Type.WEIGHT)
                    .optInitializer(new NormalInitializer(0.02f))
                    .build());
    bias =
        options.bias()
            ? addParameter(Parameter.builder().setName("bias").setType(Parameter.Type.BIAS).build())
            : null;
  }

  /** Returns the options this head was made with. */
  public HeadOptions options() {
    return options;
  }

  /** Returns the classifier's parameter [V,D]. */
  public Parameter weight() {
    return weight;
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray hidden = inputs.singletonOrThrow();
    NDList out = new NDList(hidden, store.getValue(weight, hidden.getDevice(), training));
    if (bias != null) {
      out.add(store.getValue(bias, hidden.getDevice(), training));
    }
    return out;
  }

  /**
   * Computes logits [..., V] of a few hidden states, for prediction: N x V floats are held.
   *
   * @param hidden hidden states [..., D]
   * @return logits, owned by the manager of the hidden states
   */
  public NDArray logits(NDArray hidden) {
    // the result would else belong to the model's manager and live as long as the model
    try (NDArray transposed = weight.getArray().transpose()) {
      NDArray logits = hidden.matMul(transposed);
      return bias == null ? logits : logits.add(bias.getArray());
    }
  }

  /**
   * Finds the k most probable classes of each row without holding the N x V logits.
   *
   * <p>Exact: every logit is formed (float32, in tiles) and the shares are relative to the
   * log-sum-exp over all V. Extra memory: tiles and kept classes of as many rows at once as {@link
   * HeadOptions#workspaceBytes} holds. No gradient is recorded; several threads may call.
   *
   * @param hidden hidden states [..., D], float32
   * @param k 1 to V
   * @return ids and log-probabilities [..., k], owned by the manager of the hidden states
   * @throws IllegalArgumentException where k or a shape is wrong, or a row's logits hold NaN or
   *     +infinity: it names the row
   */
  public TopK topK(NDArray hidden, int k) {
    return new Prediction(predictions(hidden), options).topK(k);
  }

  /**
   * Draws one class for each row without holding the N x V logits.
   *
   * <p>The draw depends on the logits, seed, step and the row's place in the call, on no generator
   * of the engine: a resumed run draws the same. Exact within rounding (shares to about 1e-6): from
   * all classes, one pass in which each group of 4096 takes over with the chance of its share of
   * the sum so far; with topK, one pass that keeps the best k; with topP alone, the log-sum-exp
   * over all classes and the best 256 in one pass, and where these do not reach topP, another pass
   * for those rows that keeps 16 times as many, until they do.
   *
   * @param hidden hidden states [..., D], float32
   * @param sampling from which classes, and how sharply
   * @param seed of the run
   * @param step of the run: another for every call
   * @return ids, int64 [...], owned by the manager of the hidden states
   * @throws IllegalArgumentException where an option or a shape is wrong, or a row's logits hold
   *     NaN or +infinity, or all its classes are masked by -infinity: it names the row
   */
  public NDArray sample(NDArray hidden, Sampling sampling, long seed, long step) {
    return new Prediction(predictions(hidden), options).sample(sampling, seed, step);
  }

  private NDList predictions(NDArray hidden) {
    NDList predictions = new NDList(hidden, weight.getArray());
    if (bias != null) {
      predictions.add(bias.getArray());
    }
    return predictions;
  }

  @Override
  public void prepare(Shape[] inputShapes) {
    Shape shape = inputShapes[0];
    long width = shape.get(shape.dimension() - 1);
    if (width != options.width()) {
      throw new IllegalArgumentException(
          "hidden states columns: "
              + width
              + " (expected: "
              + options.width()
              + ", the width of the head)");
    }
    if (!tied) {
      weight.setShape(new Shape(options.classes(), options.width()));
    }
    if (bias != null) {
      bias.setShape(new Shape(options.classes()));
    }
  }

  // not in prepare(), which DJL leaves out for a block that has no parameter of its own
  private void checkShared() {
    Shape shape = weight.getShape();
    Shape expected = new Shape(options.classes(), options.width());
    if (tied && shape != null && !shape.equals(expected)) {
      throw new IllegalArgumentException(
          "shared parameter "
              + weight.getName()
              + ": "
              + shape
              + " (expected: "
              + expected
              + ", the classes and width of the head)");
    }
  }

  @Override
  public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
    if (dataType != DataType.FLOAT32 && dataType != DataType.FLOAT16) {
      throw new IllegalArgumentException(
          "data type: "
              + dataType
              + " (expected: FLOAT32 or FLOAT16; bfloat16 is a compute type: HeadOptions.withCompute(ComputeType.BFLOAT16))");
    }
    checkShared();
    super.initialize(manager, dataType, inputShapes);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape weights = new Shape(options.classes(), options.width());
    return bias == null
        ? new Shape[] {inputShapes[0], weights}
        : new Shape[] {inputShapes[0], weights, new Shape(options.classes())};
  }
}
