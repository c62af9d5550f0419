package dev.headroom.scaling.fit;

/**
 * Keeps the last {@value #MEMORY} steps of {@link Bfgs} instead of a matrix: for many parameters.
 *
 * <p>The recursion begins with the inverse diagonal of Gauss-Newton, scaled to the last step.
 *
 * <p>Source: Nocedal 1980, Math. Comp. 35; Nocedal and Wright 2006, algorithm 7.4.
 */
final class LimitedMemory implements Metric {

  private static final int MEMORY = 20;

  private final Misfit misfit;
  private final int size;
  private final double[] diagonal;
  private final double[][] steps = new double[MEMORY][];
  private final double[][] changes = new double[MEMORY][];
  private final double[] products = new double[MEMORY];
  private final double[] alphas = new double[MEMORY];
  private boolean[] held;
  private int stored;
  private double factor;

  LimitedMemory(Misfit misfit) {
    this.misfit = misfit;
    this.size = misfit.parameters;
    this.diagonal = new double[size];
    for (int k = 0; k < MEMORY; k++) {
      steps[k] = new double[size];
      changes[k] = new double[size];
    }
  }

  @Override
  public void restart(double[] theta, boolean[] heldNow) {
    misfit.diagonal(theta, diagonal);
    for (int i = 0; i < size; i++) {
      diagonal[i] = diagonal[i] > 0 ? 1 / diagonal[i] : 1;
    }
    held = heldNow;
    stored = 0;
    factor = 1;
  }

  @Override
  public double descend(double[] gradient, double[] direction) {
    for (int i = 0; i < size; i++) {
      direction[i] = held[i] ? 0 : -gradient[i];
    }
    int oldest = Math.max(0, stored - MEMORY);
    for (int k = stored - 1; k >= oldest; k--) {
      int at = k % MEMORY;
      alphas[at] = dot(steps[at], direction) / products[at];
      add(direction, -alphas[at], changes[at]);
    }
    for (int i = 0; i < size; i++) {
      direction[i] *= held[i] ? 0 : factor * diagonal[i];
    }
    for (int k = oldest; k < stored; k++) {
      int at = k % MEMORY;
      add(direction, alphas[at] - dot(changes[at], direction) / products[at], steps[at]);
    }
    for (int i = 0; i < size; i++) {
      direction[i] = held[i] ? 0 : direction[i];
    }
    return dot(direction, gradient);
  }

  @Override
  public void update(double[] s, double[] y) {
    double sy = dot(s, y);
    if (!(sy > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y)))) {
      return;
    }
    int at = stored++ % MEMORY;
    System.arraycopy(s, 0, steps[at], 0, size);
    System.arraycopy(y, 0, changes[at], 0, size);
    products[at] = sy;
    double length = 0;
    for (int i = 0; i < size; i++) {
      length += y[i] * y[i] * diagonal[i];
    }
    factor = sy / length;
  }

  private static void add(double[] to, double factor, double[] what) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * what[i];
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
