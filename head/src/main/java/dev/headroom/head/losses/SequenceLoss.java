package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;

/**
 * A loss of a sequence that is a function phi of {@code S}, the sum of nll over its rows: {@code
 * -S} is the sequence's log-probability. In place of the cross-entropy.
 *
 * <p>Each row has an equal share of the value and the derivative {@code phi'(S)}. Hidden states are
 * [B,T,D]; rows that are no part of the answer (a prompt, padding) have the ignore index or a token
 * weight of 0. A mean runs over sequences.
 */
public interface SequenceLoss extends RowLoss {

  /** Returns phi(S) of a sequence, by its number in the batch. */
  double value(int sequence, double nll);

  /** Returns phi'(S). */
  double slope(int sequence, double nll);

  @Override
  default boolean perSequence() {
    return true;
  }

  @Override
  default void form(RowBatch rows) {
    int begin = 0;
    while (begin < rows.size()) {
      int sequence = rows.sequence(begin);
      int end = begin;
      double nll = 0;
      for (; end < rows.size() && rows.sequence(end) == sequence; end++) {
        nll += rows.nll(end);
      }
      double share = value(sequence, nll) / (end - begin);
      double slope = slope(sequence, nll);
      for (; begin < end; begin++) {
        rows.set(begin, share, slope);
      }
    }
  }
}
