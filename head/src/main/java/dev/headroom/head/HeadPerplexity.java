package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.Shapes;

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
  private final HeadOptions options;

  /** Creates an evaluator named HeadPerplexity. */
  public HeadPerplexity(VocabularyHead head) {
    this("HeadPerplexity", head.options());
  }

  /** Creates an evaluator. */
  public HeadPerplexity(String name, HeadOptions options) {
    super(name);
    this.options = options;
  }

  @Override
  Total total(NDList labels, NDList predictions) {
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      double sum = 0;
      for (float nll : Backends.chosen().kernels().forward(problem).nll()) {
        sum += nll;
      }
      return new Total(sum, problem.kept());
    }
  }

  @Override
  double value(double mean) {
    return Math.exp(mean);
  }
}
