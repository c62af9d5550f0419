package dev.headroom.head.internal;

/**
 * Keeps the k largest logits of one row that come by in the order of their classes; of equal ones
 * the lower id.
 *
 * <p>A binary heap with the worst kept one at the root: a logit that is not among the best costs
 * one comparison. Memory: 12 bytes a kept class.
 */
final class BestClasses {
  private final float[] logits;
  private final long[] ids;
  private int size;
  private boolean finite = true;

  BestClasses(int k) {
    logits = new float[k];
    ids = new long[k];
  }

  /** Offers the logits of the classes from begin. */
  void offer(float[] values, int from, int count, long begin) {
    int j = 0;
    for (; j < count && size < logits.length; j++) {
      add(checked(values[from + j]), begin + j);
    }
    float worst = size == 0 ? Float.POSITIVE_INFINITY : logits[0];
    for (; j < count; j++) {
      // written so that NaN enters as well
      if (!(values[from + j] <= worst)) {
        logits[0] = checked(values[from + j]);
        ids[0] = begin + j;
        sink(0, size);
        worst = logits[0];
      }
    }
  }

  private float checked(float value) {
    if (value < Float.POSITIVE_INFINITY) {
      return value;
    }
    finite = false;
    return Float.POSITIVE_INFINITY;
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

  /** Orders what is kept, the best first; nothing may be offered afterwards. */
  void sort() {
    for (int end = size - 1; end > 0; end--) {
      float value = logits[0];
      long id = ids[0];
      move(end, 0);
      sink(0, end);
      logits[end] = value;
      ids[end] = id;
    }
  }

  /** Returns whether no logit was NaN or +infinity. */
  boolean finite() {
    return finite;
  }

  int size() {
    return size;
  }

  float logit(int rank) {
    return logits[rank];
  }

  long id(int rank) {
    return ids[rank];
  }
}
