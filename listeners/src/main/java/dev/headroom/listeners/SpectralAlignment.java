package dev.headroom.listeners;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Measures on which side of a weight's strongest direction the inputs of its layer lie.
 *
 * <p>With v the right singular vector of the largest singular value of W [out,D], and rows x of the
 * input [..,D]: {@code a = cos(x, v)}; the sign diversity is {@code 2 min(p, 1 - p)} with p the
 * share of rows with a > 0 (a = 0 counts half), 1 where the signs are even and 0 where all rows lie
 * on one side. In a healthy layer it stays well above 0; its collapse precedes that of the
 * representation, and a loss explosion. v is carried on from measurement to measurement by {@value
 * #ITERATIONS} power iterations on {@code W^T W}, {@value #FIRST_ITERATIONS} at the first.
 *
 * <p>Cost of a measurement: {@code 4 D out} FLOPs an iteration and {@code 4 D} a row. Extra memory:
 * D floats a layer. Float32, on the device of the weight. Not for several threads at once. The
 * meaning of a low value is relative to the layer: one that a normalisation with a bias feeds may
 * lie on one side from the start.
 *
 * <p>Source: Qiu et al., Spectral Alignment as Predictor of Loss Explosion in Neural Network
 * Training (arXiv 2510.04202).
 */
public final class SpectralAlignment {
  private static final int FIRST_ITERATIONS = 32;
  private static final int ITERATIONS = 4;

  private final int every;
  private final Map<String, Layer> layers = new LinkedHashMap<>();
  private final List<Reading> readings = new ArrayList<>();

  private static final class Layer {
    private float[] v;
    private long seen;
  }

  /**
   * One measurement.
   *
   * @param layer name of the layer
   * @param signDiversity {@code 2 min(p, 1 - p)}, from 0 to 1; NaN where an input is not finite
   * @param alignment mean of |cos(x, v)|, from 0 to 1
   * @param norm largest singular value of the weight, from below
   */
  public record Reading(String layer, float signDiversity, float alignment, float norm) {
    /** Returns the name of the log's column. */
    public String column() {
      return "sign_diversity." + layer;
    }
  }

  /**
   * Measures each layer on every so many of its training batches.
   *
   * @param every 1 for all of them
   */
  public SpectralAlignment(int every) {
    if (every < 1) {
      throw new IllegalArgumentException("every: " + every + " (expected: 1 or more)");
    }
    this.every = every;
  }

  /**
   * Returns a block without parameters that hands its input on and measures it in training; it goes
   * before the layer, as in {@code new SequentialBlock().add(alignment.before("up", () ->
   * up.getParameters().get("weight"))).add(up)}.
   *
   * @param layer name for the log
   * @param weight the layer's weight [out,D], asked for at each measurement
   */
  public Block before(String layer, Supplier<Parameter> weight) {
    return new Probe(layer, weight);
  }

  /** Measures what a layer takes in, if its turn has come; for blocks that are written by hand. */
  public void observe(String layer, NDArray inputs, NDArray weight) {
    Layer state = layers.computeIfAbsent(layer, name -> new Layer());
    if (state.seen++ % every == 0) {
      readings.add(measure(layer, state, inputs, weight));
    }
  }

  /** Returns the measurements since the last call, in the order they were made. */
  public List<Reading> readings() {
    List<Reading> out = List.copyOf(readings);
    readings.clear();
    return out;
  }

  private static Reading measure(String layer, Layer state, NDArray inputs, NDArray weight) {
    Shape shape = weight.getShape();
    long d = shape.get(shape.dimension() - 1);
    if (shape.dimension() != 2 || inputs.getShape().get(inputs.getShape().dimension() - 1) != d) {
      throw new IllegalArgumentException(
          layer
              + ": inputs "
              + inputs.getShape()
              + " (expected: [..,D] for a weight [out,D], "
              + shape
              + ")");
    }
    // arrays are made by the first operand's manager: all of them by this one, none stays
    try (NDManager manager = inputs.getManager().newSubManager()) {
      NDArray w = weight.stopGradient();
      NDArray rows = inputs.stopGradient();
      w.attach(manager);
      rows.attach(manager);
      NDArray v = manager.create(state.v == null ? start(d) : state.v, new Shape(d, 1));
      v = v.toDevice(weight.getDevice(), false);
      float norm = 0;
      int iterations = state.v == null ? FIRST_ITERATIONS : ITERATIONS;
      for (int i = 0; i < iterations; i++) {
        NDArray u = w.matMul(v.div(v.norm()));
        norm = u.norm().getFloat();
        v = w.transpose().matMul(u);
      }
      v = v.div(v.norm());
      float[] direction = v.toFloatArray();
      if (!Float.isFinite(norm) || !Float.isFinite(direction[0])) {
        return new Reading(layer, Float.NaN, Float.NaN, norm);
      }
      state.v = direction;
      rows = rows.reshape(-1, d);
      NDArray sizes = rows.square().sum(new int[] {1});
      return reading(layer, rows.matMul(v).toFloatArray(), sizes.toFloatArray(), norm);
    }
  }

  private static Reading reading(String layer, float[] along, float[] squares, float norm) {
    double positive = 0;
    double cosines = 0;
    for (int i = 0; i < along.length; i++) {
      if (Float.isNaN(along[i]) || !Float.isFinite(squares[i])) {
        return new Reading(layer, Float.NaN, Float.NaN, norm);
      }
      positive += along[i] > 0 ? 1 : along[i] == 0 ? 0.5 : 0;
      cosines += squares[i] == 0 ? 0 : Math.abs(along[i]) / Math.sqrt(squares[i]);
    }
    double share = positive / along.length;
    return new Reading(
        layer, (float) (2 * Math.min(share, 1 - share)), (float) (cosines / along.length), norm);
  }

  /** A fixed direction that no weight is likely to be orthogonal to. */
  private static float[] start(long d) {
    Random random = new Random(2510);
    float[] v = new float[Math.toIntExact(d)];
    for (int i = 0; i < v.length; i++) {
      v[i] = (float) random.nextGaussian();
    }
    return v;
  }

  /** Identity; looks at what passes. */
  private final class Probe extends AbstractBlock {
    private final String layer;
    private final Supplier<Parameter> weight;

    Probe(String layer, Supplier<Parameter> weight) {
      super((byte) 1);
      this.layer = layer;
      this.weight = weight;
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
      if (training) {
        NDArray x = inputs.head();
        observe(layer, x, store.getValue(weight.get(), x.getDevice(), true));
      }
      return inputs;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
