package dev.headroom.head.internal;

/**
 * Keeps the k largest logits of one row that come by in the order of their classes; of equal ones
 * the lower id. A masked class (minus infinity) is not kept.
 *
 * <p>A binary heap with the worst kept one at the root: a logit that is not among the best costs
 * one comparison. Memory: 12 bytes a kept class.
 */
final class BestClasses implements LogitTiles.Row {
  private final float[] logits;
  private final long[] ids;
  private int size;

  BestClasses(int k) {
    logits = new float[k];
    ids = new long[k];
  }

  @Override
  public void group(float[] z, int count, long begin) {
    int j = 0;
    for (; j < count && size < logits.length; j++) {
      if (z[j] > Float.NEGATIVE_INFINITY) {
        add(z[j], begin + j);
      }
    }
    float worst = logits[0];
    for (; j < count; j++) {
      if (z[j] > worst) {
        logits[0] = z[j];
        ids[0] = begin + j;
        sink(0, size);
        worst = logits[0];
      }
    }
  }

  private void add(float value, long id) {
    int at = size++;
    for (int up = (at - 1) / 2; at > 0 && worse(value, id, up); up = (at - 1) / 2) {
      move(up, at);
      at = up;
    }
    logits[at] = value;
    ids[at] = id;
  }

  private void sink(int start, int end) {
    float value = logits[start];
    long id = ids[start];
    int at = start;
    while (2 * at + 1 < end) {
      int child = 2 * at + 1;
      if (child + 1 < end && worse(logits[child + 1], ids[child + 1], child)) {
        child++;
      }
      if (worse(value, id, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    logits[at] = value;
    ids[at] = id;
  }

  private boolean worse(float value, long id, int than) {
    return value < logits[than] || (value == logits[than] && id > ids[than]);
  }

  private void move(int from, int to) {
    logits[to] = logits[from];
    ids[to] = ids[from];
  }

  /** Returns what is kept, the best first; nothing may be offered afterwards. */
  RankedRow ranked() {
    for (int end = size - 1; end > 0; end--) {
      float value = logits[0];
      long id = ids[0];
      move(end, 0);
      sink(0, end);
      logits[end] = value;
      ids[end] = id;
    }
    return new RankedRow(ids, logits, 0, size);
  }
}
