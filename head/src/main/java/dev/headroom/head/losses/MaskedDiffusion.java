package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;
import java.util.function.IntToDoubleFunction;

/**
 * Trains a masked diffusion language model: the cross-entropy of masked positions, weighted by the
 * noise level of their sequence.
 *
 * <pre>
 *   loss_i = w(sequence of i) nll_i,   slope = w
 * </pre>
 *
 * <p>Labels hold the original token where a position was masked and the ignore index elsewhere, so
 * that only masked rows count and cost anything. Under the linear schedule a position is masked
 * with probability t and w = 1/t; in general {@code w = -alpha'(t) / (1 - alpha(t))} with the share
 * alpha(t) still unmasked. The bound on the likelihood of B sequences of T positions is {@link
 * dev.headroom.head.Reduction#SUM} with w / (B T): a mean would divide by the masked rows, and is
 * another, biased, normaliser.
 *
 * <p>Not with t near 0, where 1/t is unbounded: draw t from [1e-3, 1]. Sources: Sahoo et al. 2024,
 * Simple and effective masked diffusion language models; Nie et al. 2025, Large language diffusion
 * models.
 *
 * @param weight w of a sequence of the batch at hand, by its number; asked at each evaluation
 */
public record MaskedDiffusion(IntToDoubleFunction weight) implements RowLoss {

  /** Checks that there are weights. */
  public MaskedDiffusion {
    if (weight == null) {
      throw new IllegalArgumentException("weight: null (expected: a weight of each sequence)");
    }
  }

  /**
   * Returns the loss of the linear schedule, {@code w = 1 / (t positions)}.
   *
   * @param time t of a sequence, in (0, 1]
   * @param positions B x T for the bound with SUM, 1 for weights 1/t
   */
  public static MaskedDiffusion linear(IntToDoubleFunction time, long positions) {
    if (positions < 1) {
      throw new IllegalArgumentException("positions: " + positions + " (expected: at least 1)");
    }
    return new MaskedDiffusion(sequence -> 1 / (time.applyAsDouble(sequence) * positions));
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      double w = weight.applyAsDouble(rows.sequence(i));
      if (!(w >= 0 && w < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "weight of sequence "
                + rows.sequence(i)
                + ": "
                + w
                + " (expected: 0 or a positive number; times lie in (0, 1])");
      }
      rows.set(i, w == 0 ? 0 : w * rows.nll(i), w);
    }
  }
}
