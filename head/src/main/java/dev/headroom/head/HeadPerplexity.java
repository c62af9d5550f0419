package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;

/**
 * Measures the perplexity over all kept rows, in DJL's training and validation.
 *
 * <p>{@code perplexity = exp(sum of nll / kept rows)} with {@code nll = lse(z) - z_t} in nats,
 * without z-loss and whatever the reduction; summed in float64 over all batches, so that batches
 * with few kept rows weigh little (DJL averages a loss over batches). Ignored rows do not count,
 * NaN where there are none. Labels and predictions: those of {@link HeadLoss}.
 *
 * <p>Costs one forward pass of the head for each batch (extra memory: the workspace). Metrics are
 * told apart by name: give each of several heads its own.
 */
public final class HeadPerplexity extends HeadEvaluator {
  /** Creates an evaluator named HeadPerplexity. */
  public HeadPerplexity(VocabularyHead head) {
    this("HeadPerplexity", head.options());
  }

  /** Creates an evaluator. */
  public HeadPerplexity(String name, HeadOptions options) {
    super(name, options);
  }

  @Override
  double sum(HeadProblem problem, HeadResult.Rows rows) {
    double sum = 0;
    for (float nll : rows.nll()) {
      sum += nll;
    }
    return sum;
  }

  @Override
  double value(double mean) {
    return Math.exp(mean);
  }
}
