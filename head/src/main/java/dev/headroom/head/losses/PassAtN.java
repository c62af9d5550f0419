package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;

/**
 * Trains for the chance that one of N samples is right, and so limits the confidence of a single
 * one. With the probability {@code P = exp(-S)} of a sequence, or of a row's target:
 *
 * <pre>
 *   phi(S) = -log(1 - (1 - P)^N),   phi' = N P (1 - P)^(N-1) / (1 - (1 - P)^N)
 * </pre>
 *
 * <p>N = 1 is cross-entropy. For P far below 1/N phi is {@code S - log N} with slope 1; what is
 * already likely to be found has a slope near 0. Formed by expm1 and log1p, with no loss of digits
 * at either end.
 *
 * <p>Not where one answer is drawn (greedy decoding, pass@1): it stops short on purpose. Source:
 * Chen et al. 2025, Rethinking fine-tuning when scaling test-time compute: limiting confidence
 * improves mathematical reasoning.
 *
 * @param attempts N, at least 1
 * @param perSequence whether P is that of a sequence, or of each row
 */
public record PassAtN(int attempts, boolean perSequence) implements SequenceLoss {

  /** Checks N. */
  public PassAtN {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts: " + attempts + " (expected: at least 1)");
    }
  }

  @Override
  public void form(RowBatch rows) {
    if (perSequence) {
      SequenceLoss.super.form(rows);
      return;
    }
    for (int i = 0; i < rows.size(); i++) {
      rows.set(i, value(0, rows.nll(i)), slope(0, rows.nll(i)));
    }
  }

  /** Returns log(1 - P). */
  private static double logMiss(double nll) {
    return nll > 1 ? Math.log1p(-Math.exp(-nll)) : Math.log(-Math.expm1(-nll));
  }

  @Override
  public double value(int sequence, double nll) {
    double far = nll - Math.log(attempts);
    if (far > 40) {
      return far;
    }
    double miss = attempts * logMiss(nll);
    return 0 - (miss < -1 ? Math.log1p(-Math.exp(miss)) : Math.log(-Math.expm1(miss)));
  }

  @Override
  public double slope(int sequence, double nll) {
    if (nll - Math.log(attempts) > 40) {
      return 1;
    }
    double miss = logMiss(nll);
    // (0 x -infinity is no number)
    double others = attempts == 1 ? 1 : Math.exp((attempts - 1) * miss);
    return attempts * Math.exp(-nll) * others / -Math.expm1(attempts * miss);
  }
}
