package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

/**
 * Forms the logits of a few rows a tile of classes at a time, with DJL operations on any device.
 *
 * <p>A tile is one group of classes wide, or several where the rows are few; only the last group is
 * narrower. Every array belongs to managers of its own: nothing reaches the one of the classifier.
 */
final class LogitTiles implements AutoCloseable {
  /** Classes of a group. */
  static final int GROUP = 4096;

  private static final long MOST_LOGITS = 1 << 20;

  private final NDManager scratch;
  private final NDArray e;
  private final NDArray c;
  private final NDArray b;
  private final long logits;
  private float[] buffer = new float[0];

  /** Takes each tile: logits [rows, columns] of the classes from begin, on device and on heap. */
  interface Visitor {
    void visit(NDArray z, float[] values, long begin);
  }

  /**
   * @param e hidden states [N,D]
   * @param c classifier [V,D]
   * @param b bias [V], or null
   * @param logits that fit the workspace at once
   */
  LogitTiles(NDArray e, NDArray c, NDArray b, long logits) {
    scratch = e.getManager().newSubManager();
    this.logits = Math.min(logits, MOST_LOGITS);
    this.e = own(e.stopGradient(), scratch);
    this.c = own(c.stopGradient(), scratch);
    this.b = b == null ? null : own(b.stopGradient(), scratch);
  }

  private static NDArray own(NDArray array, NDManager manager) {
    // a result belongs to its first operand's manager, which may outlive the call by far
    array.attach(manager);
    return array;
  }

  /** Visits all tiles of these rows, in the order of the classes. */
  void visit(long[] rows, Visitor visitor) {
    long classes = c.getShape().get(0);
    try (NDManager chunk = scratch.newSubManager()) {
      NDArray hidden = own(e.get(chunk.create(rows)), chunk);
      long width = GROUP * Math.max(1, logits / GROUP / Math.max(1, rows.length));
      long end;
      for (long begin = 0; begin < classes; begin = end) {
        end = begin + width <= classes ? begin + width : wholeGroups(begin, classes);
        try (NDManager tile = chunk.newSubManager()) {
          NDArray z = logits(hidden, begin, end, tile);
          visitor.visit(z, values(z), begin);
        }
      }
    }
  }

  private static long wholeGroups(long begin, long classes) {
    long groups = (classes - begin) / GROUP;
    return groups == 0 ? classes : begin + groups * GROUP;
  }

  private NDArray logits(NDArray hidden, long begin, long end, NDManager tile) {
    NDArray columns = own(c.get(new NDIndex("{}:{}", begin, end)), tile);
    NDArray z = own(hidden.matMul(columns.transpose()), tile);
    return b == null ? z : z.add(own(b.get(new NDIndex("{}:{}", begin, end)), tile));
  }

  private float[] values(NDArray z) {
    if (z.getDevice().isGpu()) {
      return z.toFloatArray();
    }
    int count = (int) z.size();
    if (buffer.length < count) {
      buffer = new float[count];
    }
    TorchTensors.data(z).read(0, buffer, 0, count);
    return buffer;
  }

  @Override
  public void close() {
    scratch.close();
  }
}
