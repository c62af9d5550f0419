package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.evaluator.Evaluator;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.HeadProblem;
import dev.headroom.head.internal.HeadResult;
import dev.headroom.head.internal.Shapes;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Adds up a measure over kept rows, in float64, for each of DJL's accumulators. */
abstract class HeadEvaluator extends Evaluator {
  private static final Total NOTHING = new Total(0, 0);

  private final HeadOptions options;
  private final Map<String, Total> totals = new ConcurrentHashMap<>();

  /** What so many kept rows sum to. */
  record Total(double sum, long rows) {
    Total plus(Total other) {
      return new Total(sum + other.sum, rows + other.rows);
    }

    double mean() {
      return rows == 0 ? Double.NaN : sum / rows;
    }
  }

  HeadEvaluator(String name, HeadOptions options) {
    super(name);
    this.options = options;
  }

  /** Returns the sum over the kept rows of one batch. */
  abstract double sum(HeadProblem problem, HeadResult.Rows rows);

  private Total total(NDList labels, NDList predictions) {
    HeadProblem problem = Shapes.problem(labels, predictions, options);
    try (NDArray hidden = problem.e();
        NDArray bias = problem.b()) {
      HeadResult.Rows rows = Backends.chosen().kernels().forward(problem).rows();
      return new Total(sum(problem, rows), problem.kept());
    }
  }

  /** Returns the measure of the mean over kept rows, NaN where there were none. */
  abstract double value(double mean);

  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    float value = (float) value(total(labels, predictions).mean());
    return predictions.head().getManager().create(value);
  }

  @Override
  public void addAccumulator(String key) {
    totals.put(key, NOTHING);
  }

  @Override
  public void updateAccumulator(String key, NDList labels, NDList predictions) {
    updateAccumulators(new String[] {key}, labels, predictions);
  }

  @Override
  public void updateAccumulators(String[] keys, NDList labels, NDList predictions) {
    Total batch = total(labels, predictions);
    for (String key : keys) {
      totals.merge(key, batch, Total::plus);
    }
  }

  @Override
  public void resetAccumulator(String key) {
    totals.computeIfPresent(key, (k, old) -> NOTHING);
  }

  @Override
  public float getAccumulator(String key) {
    Total total = totals.get(key);
    if (total == null) {
      throw new IllegalArgumentException(
          "accumulator: " + key + " (expected: one of " + totals.keySet() + ")");
    }
    return (float) value(total.mean());
  }
}
