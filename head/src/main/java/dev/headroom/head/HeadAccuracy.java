package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.Shapes;

/**
 * Measures how often the most probable class is the target, in DJL's training and validation.
 *
 * <p>{@code accuracy = (rows whose argmax is the target) / (kept rows)}; of equal logits the lower
 * id counts, a row with NaN logits is wrong, ignored rows do not count, NaN where there are none.
 * Labels and predictions: those of {@link HeadLoss}. DJL's own accuracy needs logits.
 *
 * <p>Costs one forward pass of logits in tiles (float32, the workspace as extra memory) for each
 * batch; leave it out of training where the head dominates a step. Metrics are told apart by name:
 * give each of several heads its own.
 */
public final class HeadAccuracy extends HeadEvaluator {
  private final HeadOptions options;

  /** Creates an evaluator named HeadAccuracy. */
  public HeadAccuracy(VocabularyHead head) {
    this("HeadAccuracy", head.options());
  }

  /** Creates an evaluator. */
  public HeadAccuracy(String name, HeadOptions options) {
    super(name);
    this.options = options;
  }

  @Override
  Total total(NDList labels, NDList predictions) {
    HeadProblem problem = Shapes.problem(labels, predictions, options.withTopK(1));
    long[] targets = problem.targets();
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      long[] best = Backends.chosen().kernels().forward(problem).rows().topIds();
      long right = 0;
      for (int i = 0; i < targets.length; i++) {
        right += targets[i] != options.ignoreIndex() && targets[i] == best[i] ? 1 : 0;
      }
      return new Total(right, problem.kept());
    }
  }

  @Override
  double value(double mean) {
    return mean;
  }
}
