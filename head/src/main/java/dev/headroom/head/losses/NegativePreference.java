package dev.headroom.head.losses;

import java.util.function.IntToDoubleFunction;

/**
 * Unlearns sequences: makes them less probable than a reference model finds them, the less the
 * further down they are already (negative preference optimisation, NPO).
 *
 * <p>With the log-probability {@code -S} of a sequence and r that of the reference model:
 *
 * <pre>
 *   phi(S) = (2 / beta) log(1 + exp(beta (-S - r))),   phi' = -2 sigmoid(beta (-S - r))
 * </pre>
 *
 * <p>beta -> 0 is gradient ascent {@code -S}, up to a constant. Reference log-probabilities come
 * from the same head with the reference model's arrays: sums of {@link
 * dev.headroom.head.HeadOutput#logProb} over the same rows.
 *
 * <p>Not alone: it holds nothing of what is to be kept; add a loss on data to retain. Source: Zhang
 * et al. 2024, Negative preference optimization: from catastrophic collapse to effective
 * unlearning.
 *
 * @param beta positive; 0.1 in the paper
 * @param reference r of a sequence of the batch at hand, by its number; asked at each evaluation
 */
public record NegativePreference(double beta, IntToDoubleFunction reference)
    implements SequenceLoss {

  /** Checks beta. */
  public NegativePreference {
    if (!(beta > 0 && beta < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("beta: " + beta + " (expected: a positive number)");
    }
    if (reference == null) {
      throw new IllegalArgumentException(
          "reference: null (expected: log-probabilities of sequences)");
    }
  }

  private double above(int sequence, double nll) {
    return beta * (-nll - reference.applyAsDouble(sequence));
  }

  @Override
  public double value(int sequence, double nll) {
    double x = above(sequence, nll);
    return 2 / beta * (x > 40 ? x : Math.log1p(Math.exp(x)));
  }

  @Override
  public double slope(int sequence, double nll) {
    return -2 / (1 + Math.exp(-above(sequence, nll)));
  }
}
