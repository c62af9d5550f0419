package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.NormalInitializer;
import ai.djl.util.PairList;
import dev.headroom.head.internal.Backends;
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

  /** Returns the bias [V], or null. */
  NDArray biasArray() {
    return bias == null ? null : bias.getArray();
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
   * <p>{@code a = <e,c> + b}, {@code s = alpha a} with {@link HeadOptions#logitScale} and, with
   * {@link HeadOptions#softCap}, {@code z = kappa tanh(s / kappa)}, with {@link
   * HeadOptions#stableMax} {@code z = sgn(s) log(1 + |s|)}; a masked class (minus infinity) stays
   * masked. The loss, {@link #topK} and {@link #sample} see the same logits.
   *
   * @param hidden hidden states [..., D]
   * @return logits z, owned by the manager of the hidden states
   */
  public NDArray logits(NDArray hidden) {
    NDManager manager = hidden.getManager();
    // results would else belong to the model's manager and live as long as the model
    try (NDManager scratch = manager.newSubManager();
        NDArray transposed = weight.getArray().transpose()) {
      NDArray logits = hidden.matMul(transposed);
      logits.attach(scratch);
      logits = bias == null ? logits : logits.add(bias.getArray());
      logits = transformed(logits, scratch);
      logits.attach(manager);
      return logits;
    }
  }

  private NDArray transformed(NDArray a, NDManager scratch) {
    // full() and no numbers: a number's memory may be gone before a backward pass comes to it
    NDArray scale = scratch.full(new Shape(), (float) options.logitScale(), a.getDataType());
    NDArray s = options.logitScale() == 1 ? a : a.mul(scale);
    if (options.stableMax()) {
      // (the logarithm of a mask would be infinite too, but its gradient no number)
      NDArray one = scratch.full(new Shape(), 1, a.getDataType());
      return NDArrays.where(s.isInfinite(), s, s.sign().mul(s.abs().add(one).log()));
    }
    if (options.softCap() == 0) {
      return s;
    }
    NDArray cap = scratch.full(new Shape(), (float) options.softCap(), a.getDataType());
    // tanh would turn a mask into an ordinary logit
    return NDArrays.where(s.isInfinite(), s, s.div(cap).tanh().mul(cap));
  }

  /**
   * Finds the k most probable classes of each row, of {@code softmax(z)} with the logits z of
   * {@link #logits}, without holding the N x V logits.
   *
   * <p>Exact within float32 rounding: every logit is formed, in tiles, and the shares are relative
   * to the log-sum-exp over all V. Up to {@link HeadOptions#MOST_TOP} classes come from the pass of
   * the kernels that forms the log-sum-exp; more cost another pass. Extra memory: {@link
   * HeadOptions#workspaceBytes} at most twice. No gradient is recorded; several threads may call.
   *
   * @param hidden hidden states [..., D], float32 or float16
   * @param k 1 to V
   * @return ids and log-probabilities [..., k], owned by the manager of the hidden states
   * @throws IllegalArgumentException where k or a shape is wrong, or a row's logits hold NaN or
   *     +infinity: it names the row
   */
  public TopK topK(NDArray hidden, int k) {
    return prediction(hidden).topK(k);
  }

  /**
   * Draws one class for each row, from {@code softmax(z / temperature)} with the logits z of {@link
   * #logits}, without holding the N x V logits.
   *
   * <p>The draw depends on the row's logits, seed, step and the row's place in the call: not on the
   * other rows (where the backend gives a row the same bits whatever they are: NATIVE_CPU) nor on a
   * generator of the engine, so that a resumed run draws the same. Exact within float32 rounding of
   * {@code z / temperature}. From all classes: one pass, Gumbel-max by tiles. Where a rule keeps
   * fewer: one pass for log-sum-exp and the best 64 (or topK), which suffices where the rules end
   * among them; where they do not, another pass with Gumbel-max for {@code minP} and {@code
   * topNSigma}, and with {@code topP} passes that keep 16 times as many each, for those rows alone.
   *
   * @param hidden hidden states [..., D], float32 or float16
   * @param sampling from which classes, and how sharply
   * @param seed of the run
   * @param step of the run: another for every call
   * @return ids, int64 [...], owned by the manager of the hidden states
   * @throws IllegalArgumentException where an option or a shape is wrong, or a row's logits hold
   *     NaN or +infinity, or all its classes are masked by -infinity: it names the row
   */
  public NDArray sample(NDArray hidden, Sampling sampling, long seed, long step) {
    return prediction(hidden).sample(sampling, null, seed, step);
  }

  /**
   * Draws one class for each row as Mirostat has it, and moves the state on; see {@link
   * #sample(NDArray, Sampling, long, long)}.
   *
   * @param sampling temperature and unused classes; it keeps all else
   * @param mirostat one sequence for each row of the hidden states, in their order; left as it is
   *     where this throws
   * @throws IllegalArgumentException also where sampling has another rule, by its name
   */
  public NDArray sample(
      NDArray hidden, Sampling sampling, Mirostat mirostat, long seed, long step) {
    return prediction(hidden).sample(sampling, mirostat, seed, step);
  }

  private Prediction prediction(NDArray hidden) {
    NDList predictions = new NDList(hidden, weight.getArray());
    if (bias != null) {
      predictions.add(bias.getArray());
    }
    return new Prediction(Backends.chosen().kernels(), predictions, options);
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
