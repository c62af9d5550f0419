package dev.headroom.head.training;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.Reduction;

/**
 * Divides the gradients that several micro-batches left by the kept rows of all of them.
 *
 * <p>{@code g = (sum over micro-batches of the gradient of the summed loss) / (kept rows of all)}:
 * the gradient of the mean over one big batch, within float32 rounding, however the kept rows are
 * spread. A mean over each micro-batch would weigh the rows of one with few kept rows too much.
 *
 * <p>The head's loss has {@link Reduction#SUM}; every other term of the loss has to be a sum as
 * well, since it is divided too. Make one backward pass for each micro-batch and call {@link #add}
 * or use {@link #listener}; then step once. {@link AdamW} divides in its own pass, so nothing is
 * copied; the first batch after an update starts the next sum. In a DJL {@code Trainer}:
 *
 * <pre>{@code
 * EasyTrain.trainBatch(trainer, batch); // for each micro-batch
 * trainer.step();                       // after the last of them
 * }</pre>
 */
public final class Accumulation {
  private final long ignoreIndex;
  private final AdamW optimizer;
  private long updates;
  private long rows;

  /**
   * Counts for an optimiser.
   *
   * @param options of the head: reduction SUM
   * @throws IllegalArgumentException where the reduction is another
   */
  public Accumulation(HeadOptions options, AdamW optimizer) {
    if (options.reduction() != Reduction.SUM) {
      throw new IllegalArgumentException(
          "reduction: "
              + options.reduction()
              + " (expected: SUM, which Accumulation divides by the kept rows of all"
              + " micro-batches; HeadOptions.withReduction(Reduction.SUM))");
    }
    ignoreIndex = options.ignoreIndex();
    this.optimizer = optimizer;
    updates = optimizer.updates();
  }

  /**
   * Adds a micro-batch: its gradients are or will be part of the next update.
   *
   * @param labels one array of class ids, int32 or int64
   */
  public void add(NDList labels) {
    if (updates != optimizer.updates()) {
      updates = optimizer.updates();
      rows = 0;
    }
    rows += kept(labels.singletonOrThrow());
    // all ignored: the gradients are 0, whatever they are divided by
    optimizer.divisor(Math.max(1, rows));
  }

  private long kept(NDArray labels) {
    long kept = 0;
    if (labels.getDataType() == DataType.INT32) {
      for (int label : labels.toIntArray()) {
        kept += label == ignoreIndex ? 0 : 1;
      }
      return kept;
    }
    for (long label : labels.toLongArray()) {
      kept += label == ignoreIndex ? 0 : 1;
    }
    return kept;
  }

  /** Returns the kept rows since the last update, by which the gradients will be divided. */
  public long rows() {
    return updates == optimizer.updates() ? rows : 0;
  }

  /**
   * Returns a listener that adds every training batch of a DJL {@code Trainer}; put it before the
   * one of {@link GlobalNorm}, which has to know the divisor.
   */
  public TrainingListener listener() {
    return new TrainingListenerAdapter() {
      @Override
      public void onTrainingBatch(Trainer trainer, BatchData batchData) {
        batchData.getLabels().values().forEach(Accumulation.this::add);
      }
    };
  }
}
