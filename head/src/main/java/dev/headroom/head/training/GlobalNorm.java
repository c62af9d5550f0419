package dev.headroom.head.training;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener;
import ai.djl.training.listener.TrainingListenerAdapter;
import dev.headroom.head.internal.TorchTensors;

/**
 * Measures the norm of all gradients together and clips by it.
 *
 * <p>{@code norm = sqrt(sum over all parameters of g^2)}, summed in float64 in a fixed order; the
 * gradients are scaled by {@code min(1, limit / norm)} inside {@link AdamW}'s own pass.
 */
public final class GlobalNorm {

  private GlobalNorm() {}

  /** Returns the norm of the gradients of these parameters; NaN or infinite where a gradient is. */
  public static double of(Iterable<Parameter> parameters, int threads) {
    double sum = 0;
    for (Parameter parameter : parameters) {
      if (parameter.requiresGradient()) {
        try (NDArray grad = parameter.getArray().getGradient()) {
          sum += Passes.sumSquares(TorchTensors.data(grad), grad.size(), threads);
        }
      }
    }
    return Math.sqrt(sum);
  }

  /**
   * Returns the factor that brings a norm down to a limit: 1 below it, or where the limit is 0
   * (off).
   */
  public static double scale(double norm, double limit) {
    return limit > 0 && norm > limit ? limit / norm : 1;
  }

  /**
   * Returns a listener that clips in a DJL {@code Trainer}: it sets the optimiser's scale between
   * the backward pass and the step. The norm is that of the gradients after {@link AdamW#divisor}.
   *
   * @throws IllegalStateException out of the listener where the norm is not finite, before any
   *     parameter is changed
   */
  public static TrainingListener clipping(AdamW optimizer, double limit) {
    return new TrainingListenerAdapter() {
      @Override
      public void onTrainingBatch(Trainer trainer, BatchData batchData) {
        double norm =
            optimizer.gradientScale()
                * of(trainer.getModel().getBlock().getParameters().values(), optimizer.threads());
        if (!Double.isFinite(norm)) {
          throw new IllegalStateException(
              "gradient norm: " + norm + " (expected: finite; lower the learning rate)");
        }
        optimizer.scale(scale(norm, limit));
      }
    };
  }
}
