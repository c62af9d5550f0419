package dev.headroom.scaling.fit.internal;

/** Gives the residuals of a least-squares problem with their exact Jacobian. */
public interface Residuals {

  /** Returns the number of residuals. */
  int points();

  /**
   * Writes the residuals and their derivatives.
   *
   * @param theta one number a parameter
   * @param out one number a point
   * @param jacobian one row a point, one number a parameter
   */
  void evaluate(double[] theta, double[] out, double[][] jacobian);
}
