package dev.headroom.head;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.training.evaluator.Evaluator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Adds up a measure over kept rows, in float64, for each of DJL's accumulators. */
abstract class HeadEvaluator extends Evaluator {
  private static final Total NOTHING = new Total(0, 0);

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

  HeadEvaluator(String name) {
    super(name);
  }

  /** Sums up one batch. */
  abstract Total total(NDList labels, NDList predictions);

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
