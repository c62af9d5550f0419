package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;

/**
 * A loss of a row that is a function phi of its {@code nll = L - z_t} alone, in place of the
 * cross-entropy. Its gradient is {@code phi'(nll) (p - onehot)}.
 */
public interface NllLoss extends RowLoss {

  /** Returns phi, in nats where phi of small nll is nll. */
  double value(double nll);

  /** Returns phi', or what takes its place where a factor is held constant. */
  double slope(double nll);

  @Override
  default void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      rows.set(i, value(rows.nll(i)), slope(rows.nll(i)));
    }
  }
}
