package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.Mirostat;
import dev.headroom.head.Sampling;
import dev.headroom.head.TopK;
import java.util.BitSet;

/**
 * Predicts classes from hidden states with the kernels of this process: the N x V logits are never
 * held.
 *
 * <p>Products in float32, whatever the compute type. A temperature is folded into the head's own
 * scale and cap: {@code z / T = (kappa / T) tanh((alpha / T) a / (kappa / T))}; classes left out by
 * the caller into the bias. Extra memory: the workspace, twice.
 */
public final class Prediction {
  static final int MOST_KEPT = Integer.MAX_VALUE - 16;

  private static final int MOST_ROWS = 256;

  private final HeadKernels kernels;
  private final NDArray hidden;
  private final NDArray weight;
  private final NDArray bias;
  private final HeadOptions options;

  /**
   * Takes what is predicted from.
   *
   * @param predictions {@code (hidden [..., D], weight [V,D][, bias [V]])}
   */
  public Prediction(HeadKernels kernels, NDList predictions, HeadOptions options) {
    this.kernels = kernels;
    hidden = predictions.get(0);
    weight = predictions.get(1);
    bias = options.bias() ? predictions.get(2) : null;
    this.options = options;
  }

  /** Returns the k most probable classes of each row. */
  public TopK topK(int k) {
    checkKept("k", k, 1);
    Shape leading = leading();
    long[] ids = new long[Math.multiplyExact((int) leading.size(), k)];
    float[] logProbabilities = new float[ids.length];
    inChunks(
        1,
        new BitSet(),
        k,
        (tiles, first, count) -> {
          boolean listed = k <= HeadOptions.MOST_TOP;
          HeadResult.Rows statistics = tiles.statistics(listed ? k : 0);
          for (int i = 0; i < count; i++) {
            ClassDraw.requireFinite(statistics.lse()[i], first + i);
          }
          RankedRow[] best = listed ? null : tiles.best(k);
          for (int i = 0; i < count; i++) {
            RankedRow row = listed ? RankedRow.of(statistics, i, k) : best[i];
            int at = (first + i) * k;
            row.write(statistics.lse()[i], k, ids, logProbabilities, at);
          }
        });
    NDManager manager = hidden.getManager();
    return new TopK(
        manager.create(ids, leading.add(k)), manager.create(logProbabilities, leading.add(k)));
  }

  /** Draws one class for each row; Mirostat, where given, is one state a row. */
  public NDArray sample(Sampling sampling, Mirostat mirostat, long seed, long step) {
    checkKept("sampling topK", sampling.topK(), 0);
    BitSet unused = sampling.unused();
    Shapes.require(
        unused.length() <= options.classes(),
        "sampling unused id",
        unused.length() - 1,
        "0 to " + (options.classes() - 1));
    Shapes.require(
        !options.stableMax() || sampling.temperature() == 1,
        "sampling temperature",
        sampling.temperature(),
        "1 with stableMax, whose logarithm no scale passes through");
    Shape leading = leading();
    int rows = (int) leading.size();
    if (mirostat != null) {
      Shapes.require(
          mirostat.sequences() == rows,
          "mirostat sequences",
          mirostat.sequences(),
          rows + ", one for each row of the hidden states");
      checkAlone(sampling);
    }
    double[] bounds = mirostat == null ? null : mirostat.boundsNats();
    ClassDraw draw = new ClassDraw(sampling, bounds, seed, step, options, rows);
    inChunks(sampling.temperature(), unused, draw.listed(), draw::draw);
    for (int i = 0; i < rows && mirostat != null; i++) {
      mirostat.observe(i, draw.surprises()[i]);
    }
    return hidden.getManager().create(draw.drawn(), leading);
  }

  private static void checkAlone(Sampling sampling) {
    String rule = "with Mirostat, which says itself what is kept";
    Shapes.require(sampling.topK() == 0, "sampling topK", sampling.topK(), "0 " + rule);
    Shapes.require(sampling.topP() == 1, "sampling topP", sampling.topP(), "1 " + rule);
    Shapes.require(sampling.minP() == 0, "sampling minP", sampling.minP(), "0 " + rule);
    Shapes.require(
        sampling.topNSigma() == 0, "sampling topNSigma", sampling.topNSigma(), "0 " + rule);
  }

  private void checkKept(String name, int actual, int least) {
    Shapes.require(
        actual >= least && actual <= options.classes(),
        name,
        actual,
        least + " to " + options.classes() + ", the number of classes");
  }

  private Shape leading() {
    Shape shape = hidden.getShape();
    return shape.slice(0, Math.max(0, shape.dimension() - 1));
  }

  /** Works on rows first and on of the call. */
  private interface Chunk {
    void run(LogitTiles tiles, int first, int count);
  }

  private void inChunks(double temperature, BitSet unused, int k, Chunk chunk) {
    HeadOptions scaled =
        HeadOptions.of(options.classes(), options.width())
            .withLogitScale(options.logitScale() / temperature)
            .withSoftCap(options.softCap() / temperature)
            .withStableMax(options.stableMax())
            .withThreads(options.threads())
            .withWorkspaceBytes(options.workspaceBytes());
    long bytesPerRow = LogitTiles.bytesPerRow(options) + 12L * k;
    int atOnce = (int) Math.max(1, Math.min(MOST_ROWS, options.workspaceBytes() / bytesPerRow));
    try (NDManager scratch = hidden.getManager().newSubManager();
        NDArray e = Shapes.hidden(hidden, options);
        NDArray c = weight.stopGradient()) {
      NDArray b = biasWithout(unused, scratch);
      int n = (int) e.getShape().get(0);
      for (int first = 0; first < n; first += atOnce) {
        int count = Math.min(atOnce, n - first);
        try (NDManager rows = scratch.newSubManager()) {
          NDArray some = e.get(new NDIndex("{}:{}", first, first + count));
          some.attach(rows);
          chunk.run(new LogitTiles(kernels, LogitTiles.problem(some, c, b, scaled)), first, count);
        }
      }
    }
  }

  /** Returns the bias in float32 with minus infinity at the unused classes; null for all zeros. */
  private NDArray biasWithout(BitSet unused, NDManager scratch) {
    if (bias == null && unused.isEmpty()) {
      return null;
    }
    if (unused.isEmpty()) {
      return PortableTile.float32(scratch, bias.stopGradient());
    }
    float[] values = new float[Math.toIntExact(options.classes())];
    if (bias != null) {
      try (NDArray wide = bias.toType(DataType.FLOAT32, true)) {
        System.arraycopy(wide.toFloatArray(), 0, values, 0, values.length);
      }
    }
    unused.stream().forEach(v -> values[v] = Float.NEGATIVE_INFINITY);
    return scratch.create(values);
  }
}
