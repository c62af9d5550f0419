package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import java.util.Arrays;

/**
 * The gradients of a chunk of rows: logits are formed again tile by tile, made into d loss / d
 * logit and multiplied into dE, dC and dB.
 *
 * <p>The entropy's part {@code u_H p (L - H - z)} is formed from {@code z - L}, whose rounding does
 * not grow with the size of the logits.
 */
final class PortableGradients {
  private final HeadProblem problem;
  private final HeadOptions options;
  private final Classes classes;
  private final HeadResult out;
  private final int first;
  private final int rows;

  // d/dz_v = p_v (a + (z_v - lse) b + [v is not listed] rest) - s w_v - [v = t] at
  private final float[] lse;
  private final float[] a;
  private final float[] b;
  private final float[] s;
  private final float[] at;
  private final float[] rest;
  private final boolean[] kept;
  private final PortableLists lists;

  PortableGradients(HeadProblem problem, Classes classes, HeadResult out, int first, int end) {
    this.problem = problem;
    this.classes = classes;
    this.out = out;
    this.first = first;
    options = problem.options();
    rows = end - first;
    lse = Arrays.copyOfRange(out.rows().lse(), first, end);
    a = new float[rows];
    b = new float[rows];
    s = new float[rows];
    at = new float[rows];
    rest = new float[rows];
    kept = new boolean[rows];
    lists = PortableLists.of(problem, out.rows(), first, rows);
    for (int i = 0; i < rows; i++) {
      kept[i] = !problem.ignored(first + i);
      if (kept[i]) {
        scale(i);
      }
    }
  }

  private void scale(int i) {
    int row = first + i;
    double r = problem.r()[row];
    double hard = (1 - options.labelSmoothing()) * r;
    double target = hard * classes.weight(problem.targets()[row]);
    if (problem.soft() != null) {
      target = 0;
      for (int k = 0; k < options.softTargets(); k++) {
        a[i] += (float) (hard * problem.softWeights(k, row, 1)[0]);
      }
    }
    double uEntropy = problem.uEntropy(row);
    double entropy = uEntropy == 0 ? 0 : out.rows().entropy()[row];
    a[i] +=
        (float)
            (target
                + r * classes.spread()
                + 2 * options.zLoss() * lse[i] * problem.rZ()[row]
                + problem.uLse(row)
                - uEntropy * entropy
                - problem.uLogProb(row));
    b[i] = (float) -uEntropy;
    if (problem.uRest(row) != 0) {
      // (where R lies 80 nats below L, p of its classes is 0 in float32)
      double apart = lse[i] - out.rows().rest()[problem.place(row)];
      rest[i] = (float) (problem.uRest(row) * Math.exp(Math.min(80, apart)));
    }
    s[i] = (float) (r * classes.share());
    at[i] = (float) (target - problem.uLogProb(row));
  }

  void run(NDArray e, PortableTile.Operands operands, long tileColumns) {
    // ignored rows at 0, so that 0 x NaN does not reach dC
    NDArray mask = e.getManager().create(kept, new Shape(rows, 1)).broadcast(e.getShape());
    NDArray zeros = e.getManager().zeros(e.getShape(), DataType.FLOAT32);
    NDArray finite = NDArrays.where(mask, e, zeros);
    long v = options.classes();
    for (long begin = 0; begin < v; begin += tileColumns) {
      try (PortableTile tile =
          new PortableTile(e, operands, begin, Math.min(v, begin + tileColumns))) {
        tile.deliver(gradient(tile), finite, first, out);
      }
    }
  }

  /** Forms d loss / d raw logit [rows, columns]; 0 on ignored rows and for absent classes. */
  private NDArray gradient(PortableTile tile) {
    NDArray offsets = tile.z.sub(tile.column(lse));
    NDArray g = tile.column(a);
    if (problem.upstream() != null && problem.upstream().entropy() != null) {
      g = offsets.mul(tile.column(b)).add(g);
    }
    NDArray p = offsets.exp();
    g = p.mul(g);
    if (lists != null && problem.upstream() != null && problem.upstream().rest() != null) {
      g = g.add(lists.without(tile, p.mul(tile.column(rest)), 0));
    }
    if (classes.smoothed() != null) {
      g = g.sub(tile.column(s).mul(tile.classRow(classes.smoothed())));
    }
    g = tile.addListed(subtractTargets(tile, g), problem, first);
    g = lists == null ? g : lists.add(tile, g);
    if (options.softCap() > 0) {
      NDArray part = tile.z.div((float) options.softCap());
      g = g.mul(part.mul(part).neg().add(1f));
    }
    if (options.stableMax()) {
      g = g.mul(tile.z.abs().neg().exp());
    }
    if (options.logitScale() != 1) {
      g = g.mul((float) options.logitScale());
    }
    NDArray counts = tile.manager.create(kept, new Shape(rows, 1)).logicalAnd(tile.present());
    return NDArrays.where(counts, g, tile.manager.zeros(g.getShape(), DataType.FLOAT32));
  }

  private NDArray subtractTargets(PortableTile tile, NDArray g) {
    long[] targets = Arrays.copyOfRange(problem.targets(), first, first + rows);
    NDArray left = tile.holdsAny(targets) ? tile.subtractAt(g, targets, at) : g;
    for (int k = 0; k < options.softTargets(); k++) {
      long[] ids = problem.softIds(k, first, rows);
      if (tile.holdsAny(ids)) {
        float[] values = problem.softWeights(k, first, rows);
        for (int i = 0; i < rows; i++) {
          values[i] *= (float) ((1 - options.labelSmoothing()) * problem.r()[first + i]);
        }
        left = tile.subtractAt(left, ids, values);
      }
    }
    return left;
  }
}
