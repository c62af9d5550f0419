package dev.headroom.head.training;

import ai.djl.ndarray.NDArray;
import ai.djl.training.optimizer.Optimizer;

/**
 * Takes out of each gradient its part along the parameter, before another optimiser's update.
 *
 * <pre>
 *   g' = g - (w . g / w . w) w        g'' = g' |g| / |g'|  where the norm is kept
 * </pre>
 *
 * <p>That part only scales the weights, and with them the logits: a network that fits its data
 * lowers its loss by it without learning, until float32 rounds the loss to 0. A parameter that is 0
 * throughout, and one that is a single number, keep their gradient. The gradient is changed in
 * place. Cost: three dot products and one update in place for each parameter, no memory.
 *
 * <p>Source: Prieto et al. 2025, Grokking at the Edge of Numerical Stability (orthogonal gradient).
 * Not beside weight decay that is meant to shrink weights against such growth, and not where scale
 * is to be learned: gains of normalisation layers, temperatures.
 */
public final class OrthogonalGradient extends Optimizer {
  private final Optimizer inner;
  private final boolean keepNorm;

  /** Wraps an optimiser; norms of gradients are kept, as the authors do. */
  public OrthogonalGradient(Optimizer inner) {
    this(inner, true);
  }

  /**
   * Wraps an optimiser.
   *
   * @param keepNorm whether what is left of a gradient is scaled to the norm that it had
   */
  public OrthogonalGradient(Optimizer inner, boolean keepNorm) {
    super(new Nothing());
    this.inner = inner;
    this.keepNorm = keepNorm;
  }

  private static final class Nothing extends OptimizerBuilder<Nothing> {
    @Override
    protected Nothing self() {
      return this;
    }
  }

  @Override
  public void update(String parameterId, NDArray weight, NDArray grad) {
    if (weight.size() > 1) {
      project(weight, grad);
    }
    inner.update(parameterId, weight, grad);
  }

  private void project(NDArray weight, NDArray grad) {
    try (NDArray detached = weight.stopGradient();
        NDArray w = detached.flatten();
        NDArray g = grad.flatten()) {
      double squares = dot(w, w);
      double before = keepNorm ? dot(g, g) : 0;
      if (squares == 0) {
        return;
      }
      double along = dot(w, g) / squares;
      try (NDArray part = detached.mul((float) along)) {
        grad.subi(part);
      }
      if (keepNorm) {
        restore(grad, before);
      }
    }
  }

  private static void restore(NDArray grad, double before) {
    try (NDArray rest = grad.flatten()) {
      double after = dot(rest, rest);
      if (after > 0) {
        grad.muli((float) Math.sqrt(before / after));
      }
    }
  }

  private static double dot(NDArray x, NDArray y) {
    try (NDArray product = x.dot(y)) {
      return product.getFloat();
    }
  }
}
