package dev.headroom.scaling.fit;

/** Says what a fit makes small; always a weighted sum over the points, never a mean. */
public enum Objective {
  /** Huber function of {@code log(pred) - log(loss)}: quadratic up to delta, then linear. */
  HUBER_LOG,
  /** Square of {@code pred - loss}. */
  LEAST_SQUARES,
  /** Square of {@code log(pred) - log(loss)}. */
  LEAST_SQUARES_LOG,
  /**
   * Negative log-likelihood of {@code log(pred) - log(loss)} under Student's t, its scale
   * estimated; it may be negative. Few degrees of freedom forgive outliers.
   */
  STUDENT_T;

  /** Says whether residuals are differences of logarithms. */
  public boolean isLogarithmic() {
    return this != LEAST_SQUARES;
  }

  /** Says whether the objective is a plain sum of squares. */
  public boolean isSquares() {
    return this == LEAST_SQUARES || this == LEAST_SQUARES_LOG;
  }
}
