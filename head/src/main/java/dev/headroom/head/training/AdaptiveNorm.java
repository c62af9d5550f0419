package dev.headroom.head.training;

/**
 * Clips each parameter's gradient relative to the norms that it had so far (AdaGC).
 *
 * <p>With {@code n_t} the norm of a parameter's gradient and {@code y} its remembered norm:
 *
 * <pre>
 *   warm-up:  h = the scale of GlobalNorm          y_t = min(y_{t-1}, h n_t)
 *   after it: h = min(1, lambda y_{t-1} / n_t)     y_t = beta y_{t-1} + (1 - beta) h n_t
 * </pre>
 *
 * <p>and the gradient is multiplied by h. {@link AdamW} does it where its builder is given this, in
 * its own loop and in a DJL {@code Trainer}; {@link GlobalNorm#clipping} clips the warm-up, without
 * it the warm-up is not clipped. A norm of 0 is not remembered, since a parameter that was 0 once
 * would stay clipped to 0: the first norm above 0 is taken as it is. The remembered norms are part
 * of a {@link Checkpoint}. Cost: one read of each gradient an update. Not needed where global
 * clipping alone trains without spikes.
 *
 * <p>Source: Wang et al., AdaGC: Improving Training Stability for Large Language Model Pretraining
 * (2025), arXiv 2502.11034, algorithm 1.
 *
 * @param lambda the largest norm relative to the remembered one, at least 1
 * @param beta share of the remembered norm that is kept in an update, 0 to below 1
 * @param warmup updates of the warm-up, at least 1
 */
public record AdaptiveNorm(double lambda, double beta, long warmup) {

  /** Checks every component. */
  public AdaptiveNorm {
    require(
        lambda >= 1 && lambda < Double.POSITIVE_INFINITY,
        "lambda",
        lambda,
        "a finite number, at least 1");
    require(beta >= 0 && beta < 1, "beta", beta, "at least 0, below 1");
    require(warmup >= 1, "warmup", warmup, "at least 1");
  }

  /** Returns lambda 1.05, beta 0.98, 100 updates of warm-up. */
  public static AdaptiveNorm defaults() {
    return new AdaptiveNorm(1.05, 0.98, 100);
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  /**
   * Returns the factor of an update.
   *
   * @param step of this parameter, from 1
   * @param norm of its gradient
   * @param remembered norm, 0 where there is none yet
   * @param global factor of clipping by global norm, for the warm-up
   */
  double factor(long step, double norm, double remembered, double global) {
    if (step <= warmup) {
      return global;
    }
    return remembered > 0 && norm > lambda * remembered ? lambda * remembered / norm : 1;
  }

  /** Returns the norm to remember after an update whose clipped gradient had this norm. */
  double remember(long step, double clipped, double remembered) {
    if (clipped == 0 || remembered == 0) {
      return Math.max(clipped, remembered);
    }
    return step <= warmup
        ? Math.min(remembered, clipped)
        : beta * remembered + (1 - beta) * clipped;
  }
}
