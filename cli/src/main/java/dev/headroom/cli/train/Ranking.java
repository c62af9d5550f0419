package dev.headroom.cli.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.function.UnaryOperator;

/**
 * How often the next token is among the classes that a network ranks first.
 *
 * <p>A class that ties with the right one counts as ranked before it, so that a head which cannot
 * tell classes apart is never right.
 *
 * @param top1 share of tokens that are ranked first
 * @param top5 share of tokens among the first five
 * @param top1ByOutput share of tokens whose output o is the largest, whatever the loss makes of it
 */
record Ranking(double top1, double top5, double top1ByOutput) {
  /** Outputs that are held at once, 64 MiB. */
  private static final long OUTPUTS = 16L << 20;

  /**
   * Ranks the tokens of every second evaluation batch.
   *
   * @param score what classes are ranked by, of their outputs
   * @param first batch, 0 or 1
   */
  static Ranking of(Network network, Batches batches, UnaryOperator<NDArray> score, int first) {
    long rows = 0;
    long[] right = new long[3];
    for (int i = first; i < batches.evalBatches(); i += 2) {
      try (NDManager manager = network.stepManager()) {
        Batches.Pair batch = batches.evaluation(manager, i);
        NDList out = network.predict(batch.inputs());
        NDArray states = out.get(0);
        states.attach(manager);
        NDArray hidden =
            states.reshape(-1, states.getShape().get(states.getShape().dimension() - 1));
        NDArray targets = batch.targets().reshape(-1, 1);
        rows += targets.size();
        count(hidden, out.get(1), targets, score, right);
      }
    }
    return new Ranking(
        (double) right[0] / rows, (double) right[1] / rows, (double) right[2] / rows);
  }

  private static void count(
      NDArray hidden, NDArray weight, NDArray targets, UnaryOperator<NDArray> score, long[] right) {
    long n = hidden.getShape().get(0);
    long some = Math.max(1, OUTPUTS / weight.getShape().get(0));
    // the view would stay with the model's manager
    try (NDArray transposed = weight.transpose()) {
      for (long from = 0; from < n; from += some) {
        try (NDManager part = hidden.getManager().newSubManager()) {
          String range = from + ":" + Math.min(n, from + some);
          NDArray rows = hidden.get(range);
          rows.attach(part);
          NDArray ids = targets.get(range);
          ids.attach(part);
          NDArray o = rows.matMul(transposed);
          NDArray scores = score.apply(o);
          long[] ranks = ranks(scores, ids);
          for (long rank : ranks) {
            // 0 is that of a row with NaN
            right[0] += rank == 1 ? 1 : 0;
            right[1] += rank >= 1 && rank <= 5 ? 1 : 0;
          }
          for (long rank : scores == o ? ranks : ranks(o, ids)) {
            right[2] += rank == 1 ? 1 : 0;
          }
        }
      }
    }
  }

  private static long[] ranks(NDArray scores, NDArray ids) {
    return scores.gte(scores.gather(ids, 1)).sum(new int[] {1}).toLongArray();
  }
}
