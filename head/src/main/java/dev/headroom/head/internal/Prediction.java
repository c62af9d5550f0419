package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.Sampling;
import dev.headroom.head.TopK;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * Predicts classes from hidden states with tiles of logits: the N x V logits are never held.
 *
 * <p>Products in float32, whatever the compute type; log-sum-exp over all classes in float64 over
 * tiles that are summed in float32. Extra memory: tiles of logits and the kept classes, both for as
 * many rows at once as the workspace holds.
 */
public final class Prediction {
  private static final int MOST_ROWS = 4096;
  private static final int MOST_KEPT = Integer.MAX_VALUE - 16;

  private final NDArray hidden;
  private final NDArray weight;
  private final NDArray bias;
  private final HeadOptions options;

  /**
   * Takes what is predicted from.
   *
   * @param predictions {@code (hidden [..., D], weight [V,D][, bias [V]])}
   */
  public Prediction(NDList predictions, HeadOptions options) {
    hidden = predictions.get(0);
    weight = predictions.get(1);
    bias = options.bias() ? predictions.get(2) : null;
    this.options = options;
  }

  /** Returns the k most probable classes of each row. */
  public TopK topK(int k) {
    checkKept("k", k, 1);
    Shape leading = leading();
    int n = (int) leading.size();
    long[] ids = new long[Math.multiplyExact(n, k)];
    float[] logProbabilities = new float[ids.length];
    rowsInChunks(
        k,
        (tiles, rows) -> {
          KeptClasses kept = KeptClasses.scan(tiles, rows, k, 1);
          for (int i = 0; i < rows.length; i++) {
            kept.requireFinite(i, rows[i]);
            for (int rank = 0; rank < k; rank++) {
              int at = (int) rows[i] * k + rank;
              ids[at] = kept.best()[i].id(rank);
              logProbabilities[at] = (float) kept.logProbability(i, rank);
            }
          }
        });
    NDManager manager = hidden.getManager();
    return new TopK(
        manager.create(ids, leading.add(k)), manager.create(logProbabilities, leading.add(k)));
  }

  /** Draws one class for each row. */
  public NDArray sample(Sampling sampling, long seed, long step) {
    checkKept("sampling topK", sampling.topK(), 0);
    Shape leading = leading();
    long[] drawn = new long[(int) leading.size()];
    ClassDraw draw = new ClassDraw(sampling, seed, step, drawn);
    if (sampling.topK() == 0 && sampling.topP() == 1) {
      rowsInChunks(1, draw::fromAll);
    } else {
      int first = sampling.topK() > 0 ? sampling.topK() : (int) Math.min(options.classes(), 256);
      rowsInChunks(first, (tiles, rows) -> fromBest(draw, tiles, rows, first));
    }
    return hidden.getManager().create(drawn, leading);
  }

  /** Draws from the best k, or from the nucleus, for which more are kept where k is too few. */
  private void fromBest(ClassDraw draw, LogitTiles tiles, long[] rows, int k) {
    long[] open = draw.fromBest(tiles, rows, k, options.classes());
    int more = (int) Math.min(16L * k, Math.min(options.classes(), MOST_KEPT));
    inChunks(open, more, few -> fromBest(draw, tiles, few, more));
  }

  private void checkKept(String name, int actual, int least) {
    if (actual < least || actual > options.classes()) {
      throw new IllegalArgumentException(
          name
              + ": "
              + actual
              + " (expected: "
              + least
              + " to "
              + options.classes()
              + ", the number of classes)");
    }
  }

  private Shape leading() {
    Shape shape = hidden.getShape();
    return shape.slice(0, Math.max(0, shape.dimension() - 1));
  }

  /** Works on a few rows. */
  private interface Chunk {
    void run(LogitTiles tiles, long[] rows);
  }

  private void rowsInChunks(int k, Chunk chunk) {
    try (NDArray e = Shapes.hidden(hidden, options);
        LogitTiles tiles = new LogitTiles(e, weight, bias, options.workspaceBytes() / 16)) {
      inChunks(
          LongStream.range(0, e.getShape().get(0)).toArray(), k, rows -> chunk.run(tiles, rows));
    }
  }

  private void inChunks(long[] rows, int k, Consumer<long[]> work) {
    // a tile has four temporaries, a kept class 12 bytes
    long rowBytes = 16L * Math.min(LogitTiles.GROUP, options.classes()) + 12L * k;
    int atOnce = (int) Math.max(1, Math.min(MOST_ROWS, options.workspaceBytes() / rowBytes));
    for (int from = 0; from < rows.length; from += atOnce) {
      work.accept(Arrays.copyOfRange(rows, from, Math.min(rows.length, from + atOnce)));
    }
  }
}
