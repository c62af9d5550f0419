package dev.headroom.head.internal;

import java.util.BitSet;

/**
 * The most probable classes of a row that are not masked, the best first; equal logits in the order
 * of their ids.
 *
 * @param ids classes, from first on
 * @param logits z of each, likewise
 * @param first place of the best one
 * @param size how many there are
 */
record RankedRow(long[] ids, float[] logits, int first, int size) {

  /** Takes one of the kernels' lists of k. */
  static RankedRow of(HeadResult.Rows rows, int i, int k) {
    int size = 0;
    while (size < k && rows.topIds()[i * k + size] >= 0) {
      size++;
    }
    return new RankedRow(rows.topIds(), rows.topLogits(), i * k, size);
  }

  /** Copies classes and logits. */
  void copyTo(long[] toIds, float[] toLogits, int at) {
    System.arraycopy(ids, first, toIds, at, size);
    System.arraycopy(logits, first, toLogits, at, size);
  }

  /**
   * Writes k classes and their log-probabilities; masked ones, in the order of their ids, where no
   * others are left.
   */
  void write(double lse, int k, long[] toIds, float[] toLogProbabilities, int at) {
    BitSet listed = new BitSet();
    for (int rank = 0; rank < size; rank++) {
      toIds[at + rank] = id(rank);
      toLogProbabilities[at + rank] = (float) (logit(rank) - lse);
      if (size < k) {
        listed.set((int) id(rank));
      }
    }
    for (int rank = size; rank < k; rank++) {
      int masked = listed.nextClearBit(0);
      listed.set(masked);
      toIds[at + rank] = masked;
      toLogProbabilities[at + rank] = Float.NEGATIVE_INFINITY;
    }
  }

  long id(int rank) {
    return ids[first + rank];
  }

  double logit(int rank) {
    return logits[first + rank];
  }
}
