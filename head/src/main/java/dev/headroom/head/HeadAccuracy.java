package dev.headroom.head;

import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;

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
  /** Creates an evaluator named HeadAccuracy. */
  public HeadAccuracy(VocabularyHead head) {
    this("HeadAccuracy", head.options());
  }

  /** Creates an evaluator. */
  public HeadAccuracy(String name, HeadOptions options) {
    super(name, options.withTopK(1));
  }

  @Override
  double sum(HeadProblem problem, HeadResult.Rows rows) {
    long[] targets = problem.targets();
    long right = 0;
    for (int i = 0; i < targets.length; i++) {
      boolean kept = targets[i] != problem.options().ignoreIndex();
      right += kept && targets[i] == rows.topIds()[i] ? 1 : 0;
    }
    return right;
  }

  @Override
  double value(double mean) {
    return mean;
  }
}
