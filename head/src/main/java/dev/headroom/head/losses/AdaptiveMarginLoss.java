package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;
import java.util.function.IntToDoubleFunction;

/**
 * Is {@link MarginLoss} with a temperature lambda_i for each row, which grows with how uncertain
 * the row is (ALDR-KL).
 *
 * <pre>
 *   min over lambda of   lambda log(1/V sum_v exp((a_v - a_t + c [v is not t]) / lambda))
 *                        + (alpha / 2) (lambda - lambda_0)^2
 *   its lambda:  lambda_0 + KL(q, uniform) / alpha,   q = softmax((a + c [v is not t]) / lambda)
 * </pre>
 *
 * <p>At its best lambda the loss has the gradient of that lambda held constant, so a few visits of
 * a row find both. A row's statistics at one lambda do not tell those at another, and by the time
 * they are known the logits are made: lambda_i therefore comes from the last visit of the row, and
 * enters before the head. Divide the row's hidden state by it, with logit scale 1, without bias and
 * soft cap; this loss then forms {@code lambda_i log(1 + exp(g + c / lambda_i))}, exact in value
 * and gradient, and {@link #divergence} gives the next lambda_i from nll and entropy, exactly.
 *
 * <p>Not without a state for each row of the data, nor for calibrated probabilities. Source: Zhu,
 * Ying and Yang 2023, Label distributionally robust losses for multi-class classification.
 *
 * @param margin c, in units of unscaled logits
 * @param temperature lambda_i by the number of the row in the batch at hand; asked at each
 *     evaluation
 */
public record AdaptiveMarginLoss(double margin, IntToDoubleFunction temperature)
    implements RowLoss {

  /** Checks both. */
  public AdaptiveMarginLoss {
    if (!(Math.abs(margin) < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("margin: " + margin + " (expected: a finite number)");
    }
    if (temperature == null) {
      throw new IllegalArgumentException("temperature: null (expected: one for each row)");
    }
  }

  /** {@inheritDoc} The entropy is what {@link #divergence} takes. */
  @Override
  public boolean needsEntropy() {
    return true;
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      MarginLoss own = new MarginLoss(margin, temperature.applyAsDouble(rows.row(i)));
      rows.set(i, own.value(rows.nll(i)), own.slope(rows.nll(i)));
    }
  }

  /**
   * Returns {@code KL(q, uniform)} of a row, 0 to log V.
   *
   * @param nll of the row, from {@link dev.headroom.head.HeadOutput}
   * @param entropy of the row, from there too
   * @param lambda temperature that they were formed at
   * @param classes V
   */
  public double divergence(double nll, double entropy, double lambda, long classes) {
    double p = Math.exp(-nll);
    double others = Math.exp(margin / lambda);
    double total = p + others * -Math.expm1(-nll);
    double target = nll == Double.POSITIVE_INFINITY ? 0 : -p * nll;
    double rest = -entropy - target + margin / lambda * -Math.expm1(-nll);
    return Math.log((double) classes) - Math.log(total) + (target + others * rest) / total;
  }
}
