package dev.headroom.listeners;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.optimizer.Optimizer;

/**
 * Hands updates to another optimiser, and leaves one out when asked to.
 *
 * <p>An update that is left out changes neither parameters nor moments nor counts of the other
 * optimiser, and its gradients are set to zero. Source: PaLM (Chowdhery et al. 2022), section 5.1,
 * which skips the batches around a spike.
 */
public final class SkippingOptimizer extends Optimizer {
  private final Optimizer optimizer;
  private boolean skip;
  private long skipped;

  /** Wraps an optimiser. */
  public SkippingOptimizer(Optimizer optimizer) {
    super(new Nothing());
    this.optimizer = optimizer;
  }

  /** The wrapped optimiser has its own settings. */
  private static final class Nothing extends OptimizerBuilder<Nothing> {
    @Override
    protected Nothing self() {
      return this;
    }
  }

  /** Says whether the next update is left out. */
  void skip(boolean next) {
    skip = next;
    skipped += next ? 1 : 0;
  }

  /** Returns how many updates were left out. */
  public long skipped() {
    return skipped;
  }

  @Override
  public void update(String parameterId, NDArray weight, NDArray grad) {
    if (!skip) {
      optimizer.update(parameterId, weight, grad);
    } else if (weight.hasGradient()) {
      JniUtils.zeroGrad((PtNDArray) weight);
    }
  }
}
