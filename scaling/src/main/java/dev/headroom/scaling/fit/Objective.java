package dev.headroom.scaling.fit;

/** Says what a fit makes small; always a sum over the points, never a mean. */
public enum Objective {
  /** Huber function of {@code log(pred) - log(loss)}: quadratic up to delta, then linear. */
  HUBER_LOG,
  /** Square of {@code pred - loss}. */
  LEAST_SQUARES,
  /** Square of {@code log(pred) - log(loss)}. */
  LEAST_SQUARES_LOG;

  /** Says whether residuals are differences of logarithms. */
  public boolean isLogarithmic() {
    return this != LEAST_SQUARES;
  }
}
