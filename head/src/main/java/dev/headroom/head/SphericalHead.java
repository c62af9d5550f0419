package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import dev.headroom.head.internal.Shapes;

/**
 * Holds a classifier over a large vocabulary and hands it, with the hidden states, to {@link
 * SphericalLoss}: the cheapest exact head where V is much larger than D.
 *
 * <p>{@code forward(e [..., D])} returns {@code (e, c [V,D])} and forms no outputs o. Parameter:
 * {@code weight} [V,D], float32 or float16, normal with deviation 0.02 where no initializer is set,
 * unless it is another block's.
 *
 * <p>Do not use it where the loss has to be a softmax cross-entropy (perplexities, comparison with
 * other models), nor where N is below about 1.5 D: {@link VocabularyHead} then costs no more.
 */
public final class SphericalHead extends AbstractBlock {
  private static final byte VERSION = 1;

  private final HeadOptions options;
  private final SphericalFunction function;
  private final VocabularyHead head;

  /**
   * Creates a head with its own classifier.
   *
   * @param options sizes and what else the loss computes: ignore index, reduction, strict mean,
   *     causal shift, class weights, soft targets, delivery, workspace and threads
   * @param function the loss
   * @throws IllegalArgumentException where another option is set; for a bias, let D be one more and
   *     the last hidden state 1
   */
  public SphericalHead(HeadOptions options, SphericalFunction function) {
    this(options, function, null);
  }

  /**
   * Creates a head whose classifier is a parameter of another block, such as an embedding table.
   *
   * @param options as above
   * @param function the loss
   * @param shared parameter [V,D] that another block of the same model owns, or null for an own one
   */
  @SuppressWarnings("this-escape")
  public SphericalHead(HeadOptions options, SphericalFunction function, Parameter shared) {
    super(VERSION);
    checkOptions(options);
    this.options = options;
    this.function = function;
    head = addChildBlock("classifier", new VocabularyHead(options, shared));
  }

  /** Refuses what the spherical family has no place for. */
  static void checkOptions(HeadOptions options) {
    Shapes.refuse(
        options.bias(), "bias", true, "false; let D be one more and the last hidden state 1");
    Shapes.refuse(options.labelSmoothing() != 0, "labelSmoothing", options.labelSmoothing(), "0");
    Shapes.refuse(options.logitScale() != 1, "logitScale", options.logitScale(), "1");
    Shapes.refuse(options.softCap() != 0, "softCap", options.softCap(), "0");
    Shapes.refuse(options.zLoss() != 0, "zLoss", options.zLoss(), "0");
    Shapes.refuse(options.entropy(), "entropy", true, "false");
    Shapes.refuse(options.topK() != 0, "topK", options.topK(), "0");
    Shapes.refuse(options.reweighting() != null, "reweighting", options.reweighting(), "null");
    Shapes.refuse(options.filter().on(), "filter", options.filter(), "GradientFilter.OFF");
    Shapes.refuse(
        options.compute() != ComputeType.FLOAT32, "compute", options.compute(), "FLOAT32");
    Shapes.refuse(options.engine() != Engine.AUTO, "engine", options.engine(), "AUTO");
    // what was added to the options since
    Shapes.refuse(!plain(options).equals(options), "options", options, plain(options));
  }

  private static HeadOptions plain(HeadOptions options) {
    return HeadOptions.of(options.classes(), options.width())
        .withIgnoreIndex(options.ignoreIndex())
        .withReduction(options.reduction())
        .withStrictMean(options.strictMean())
        .withCausalShift(options.causalShift())
        .withClassWeights(options.classWeights())
        .withSoftTargets(options.softTargets())
        .withDelivery(options.delivery())
        .withWorkspaceBytes(options.workspaceBytes())
        .withThreads(options.threads());
  }

  /** Returns the options this head was made with. */
  public HeadOptions options() {
    return options;
  }

  /** Returns the loss. */
  public SphericalFunction function() {
    return function;
  }

  /** Returns the classifier's parameter [V,D]. */
  public Parameter weight() {
    return head.weight();
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    return head.forward(store, inputs, training, params);
  }

  /**
   * Computes the outputs o [..., V] of a few hidden states, for prediction: N x V floats are held.
   *
   * @param hidden hidden states [..., D]
   * @return outputs, owned by the manager of the hidden states
   */
  public NDArray outputs(NDArray hidden) {
    return head.logits(hidden);
  }

  /**
   * Finds the k best classes of each row without holding the N x V outputs: those of the largest o.
   *
   * @param hidden hidden states [..., D], float32
   * @param k 1 to V
   * @return ids, int64 [..., k], owned by the manager of the hidden states
   * @throws IllegalStateException where the loss does not rank classes by o
   */
  public NDArray topK(NDArray hidden, int k) {
    if (!function.grows()) {
      throw new IllegalStateException(
          "topK of "
              + function
              + ": none (expected: ZLoss or SquaredError, by which a larger output is a likelier class; use outputs)");
    }
    TopK best = head.topK(hidden, k);
    best.logProbabilities().close();
    return best.ids();
  }

  @Override
  public void initializeChildBlocks(NDManager manager, DataType dataType, Shape... inputShapes) {
    head.initialize(manager, dataType, inputShapes);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return head.getOutputShapes(inputShapes);
  }
}
