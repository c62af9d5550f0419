package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.ConstantInitializer;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;

/**
 * Divides the logits of each row by a temperature of its own, learnt from the row's hidden state,
 * in front of a {@link VocabularyHead}.
 *
 * <pre>
 *   tau_i = floor + softplus(&lt;e_i, u&gt; + a),   logits &lt;e_i, c_v&gt; / tau_i
 *   d/da = -sigmoid(&lt;e_i, u&gt; + a) / tau_i  sum_v (d/dz_iv) z_iv
 * </pre>
 *
 * <p>The hidden states are divided, e / tau, so every loss of the head serves and the gradients of
 * u [D,1] and a [1] are exact: they come through autograd from dE, which is {@code sum_v (d/dz)
 * c_v}. Begins at tau = 1 for each row (u = 0). Cost: D operations a row and N x D floats.
 *
 * <pre>{@code
 * VocabularyHead head = new VocabularyHead(HeadOptions.of(50_000, 512));
 * Block net = new SequentialBlock().add(body).add(new RowTemperature(head, 0.05));
 * Loss loss = new HeadLoss(head);
 * }</pre>
 *
 * <p>A bias would not be divided, and is refused: a column of ones in e and a column b in c is one
 * that is. With a soft cap tau is within the cap, which keeps bounding the logits. {@link
 * VocabularyHead#topK} and {@link VocabularyHead#sample} are to be given {@link #scaled} hidden
 * states.
 *
 * <p>Not where e is free in length: a body that can scale e itself has learnt a temperature
 * already, and this only makes it easier; its use is behind a normalised or frozen e. It fits the
 * training data: a temperature for calibration is fitted on held-out rows ({@link
 * dev.headroom.head.calibration}). Sources: Wang et al. 2020, Contextual temperature for language
 * modeling; Joy et al. 2023, Sample-dependent adaptive temperature scaling for improved
 * calibration.
 */
public final class RowTemperature extends AbstractBlock {
  private static final byte VERSION = 1;

  private final VocabularyHead head;
  private final double floor;
  private final Parameter direction;
  private final Parameter offset;

  /**
   * Puts temperatures in front of a head.
   *
   * @param head a head without bias, which becomes a part of this block
   * @param floor the least temperature, in (0, 1)
   */
  @SuppressWarnings("this-escape")
  public RowTemperature(VocabularyHead head, double floor) {
    super(VERSION);
    if (head.options().bias()) {
      throw new IllegalArgumentException(
          "bias: true (expected: false, it would not be divided by the temperature; append a column of ones"
              + " to the hidden states)");
    }
    if (!(floor > 0 && floor < 1)) {
      throw new IllegalArgumentException(
          "floor: " + floor + " (expected: above 0 and below 1, where the temperatures begin)");
    }
    this.head = addChildBlock("head", head);
    this.floor = floor;
    direction = parameter("direction", Parameter.Type.WEIGHT, Initializer.ZEROS);
    // softplus of this is 1 - floor
    float begin = (float) Math.log(Math.expm1(1 - floor));
    offset = parameter("offset", Parameter.Type.BIAS, new ConstantInitializer(begin));
  }

  private Parameter parameter(String name, Parameter.Type type, Initializer initializer) {
    return addParameter(
        Parameter.builder().setName(name).setType(type).optInitializer(initializer).build());
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
    NDArray hidden = inputs.singletonOrThrow();
    NDArray u = store.getValue(direction, hidden.getDevice(), training);
    NDArray a = store.getValue(offset, hidden.getDevice(), training);
    NDList scaled = new NDList(hidden.div(temperatures(hidden, u, a)));
    return head.forward(store, scaled, training, params);
  }

  /** Returns tau [..., 1], owned by the manager of the hidden states. */
  private NDArray temperatures(NDArray hidden, NDArray u, NDArray a) {
    NDArray x = hidden.matMul(u).add(a);
    // an array that lives as long as the graph: a number would be one that may be collected before
    NDArray least = hidden.getManager().full(new Shape(1), (float) floor, x.getDataType());
    return Activation.softPlus(x).add(least);
  }

  /** Returns the temperature of each row [...], for logging. */
  public NDArray temperatures(NDArray hidden) {
    NDManager manager = hidden.getManager();
    try (NDManager scratch = manager.newSubManager()) {
      scratch.tempAttachAll(hidden);
      NDArray tau = temperatures(hidden, direction.getArray(), offset.getArray()).squeeze(-1);
      tau.attach(manager);
      return tau;
    }
  }

  /** Returns e / tau, which the head is to be given for prediction. */
  public NDArray scaled(NDArray hidden) {
    NDManager manager = hidden.getManager();
    try (NDManager scratch = manager.newSubManager()) {
      scratch.tempAttachAll(hidden);
      NDArray scaled = hidden.div(temperatures(hidden, direction.getArray(), offset.getArray()));
      scaled.attach(manager);
      return scaled;
    }
  }

  @Override
  public void prepare(Shape[] inputShapes) {
    direction.setShape(new Shape(head.options().width(), 1));
    offset.setShape(new Shape(1));
  }

  @Override
  protected void initializeChildBlocks(NDManager manager, DataType dataType, Shape... inputShapes) {
    head.initialize(manager, dataType, inputShapes);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return head.getOutputShapes(inputShapes);
  }
}
