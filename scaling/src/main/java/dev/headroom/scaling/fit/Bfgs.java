package dev.headroom.scaling.fit;

import java.util.Arrays;

/**
 * Minimises a {@link Misfit} inside bounds by BFGS with exact gradients; beyond {@value #DENSE}
 * parameters by L-BFGS.
 *
 * <p>The inverse Hessian starts as that of Gauss-Newton (its diagonal for L-BFGS), so the search
 * does not care about the scale of the parameters. A parameter at a bound that the gradient pushes
 * against is held; when the held set changes, the inverse Hessian starts afresh. The line search
 * asks for weak Wolfe conditions (Lewis and Overton 2013, Math. Program. 141, algorithm 2.6), which
 * suit the nearly non-smooth Huber objective. It ends when the decrease that the model promises is
 * below the tolerance times the value: not on a small gradient, which depends on units.
 *
 * <p>Allocates nothing after construction; belongs to one thread.
 */
final class Bfgs {

  private static final int ITERATIONS = 300;

  /** Evaluations of a start for each iteration it may take; 1 to 2 are usual. */
  private static final int PER_ITERATION = 3;

  private static final int LIMITED_ITERATIONS = 2000;
  private static final int TRIALS = 40;

  /** The most parameters for which a full matrix is kept. */
  static final int DENSE = 20;

  private final Misfit misfit;
  private final double[] lower;
  private final double[] upper;
  private final int size;
  private final double[] x;
  private final double[] gradient;
  private final double[] trial;
  private final double[] trialGradient;
  private final double[] direction;
  private final double[] y;
  private final boolean[] held;
  private final Metric metric;
  private double value;
  private double trialValue;
  private int evaluations;

  Bfgs(Misfit misfit, double[] lower, double[] upper) {
    this.misfit = misfit;
    this.lower = lower;
    this.upper = upper;
    this.size = misfit.parameters;
    this.x = new double[size];
    this.gradient = new double[size];
    this.trial = new double[size];
    this.trialGradient = new double[size];
    this.direction = new double[size];
    this.y = new double[size];
    this.held = new boolean[size];
    this.metric = size > DENSE ? new LimitedMemory(misfit) : new InverseHessian(misfit);
  }

  /** Returns the best point of the last search; the caller copies it. */
  double[] point() {
    return x;
  }

  /** Returns the objective at {@link #point}. */
  double value() {
    return value;
  }

  /** Returns the length of the gradient at {@link #point} over what is not held at a bound. */
  double gradientNorm() {
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum = held[i] ? sum : Math.hypot(sum, gradient[i]);
    }
    return sum;
  }

  /** Returns how often the objective was evaluated since construction. */
  int evaluations() {
    return evaluations;
  }

  /**
   * Searches from a start, moved into the bounds first.
   *
   * @return whether an optimum was reached
   */
  boolean minimise(double[] start, double tolerance) {
    if (!begin(start)) {
      return false;
    }
    boolean fresh = true;
    int most = size > DENSE ? LIMITED_ITERATIONS : ITERATIONS;
    int last = evaluations + most * PER_ITERATION;
    for (int iteration = 0; iteration < most && evaluations < last; iteration++) {
      if (hold()) {
        restart();
        fresh = true;
      }
      double slope = descend();
      if (-slope <= tolerance * misfit.size(value) + misfit.rounding(value)) {
        return true;
      }
      if (search(slope)) {
        accept();
        fresh = false;
      } else if (fresh) {
        return -slope <= 1e-7 * misfit.size(value);
      } else {
        restart();
        fresh = true;
      }
    }
    return false;
  }

  /** Evaluates the start; says whether the objective is finite there. */
  private boolean begin(double[] start) {
    for (int i = 0; i < size; i++) {
      x[i] = Math.max(lower[i], Math.min(upper[i], start[i]));
    }
    value = misfit.evaluate(x, gradient);
    evaluations++;
    Arrays.fill(held, false);
    hold();
    restart();
    return value < Double.POSITIVE_INFINITY;
  }

  /** Holds what is pushed against its bound, frees the rest; says whether anything changed. */
  private boolean hold() {
    boolean changed = false;
    for (int i = 0; i < size; i++) {
      boolean hold = (x[i] <= lower[i] && gradient[i] > 0) || (x[i] >= upper[i] && gradient[i] < 0);
      changed |= hold != held[i];
      held[i] = hold;
    }
    return changed;
  }

  private void restart() {
    metric.restart(x, held);
  }

  /** Sets the direction and returns the slope along it, which is not positive. */
  private double descend() {
    double slope = metric.descend(gradient, direction);
    for (int i = 0; i < size; i++) {
      boolean outward =
          (x[i] <= lower[i] && direction[i] < 0) || (x[i] >= upper[i] && direction[i] > 0);
      if (outward && !held[i]) {
        held[i] = true;
        restart();
        return descend();
      }
    }
    return slope;
  }

  /** Looks along the direction; leaves the accepted point in {@code trial}. */
  private boolean search(double slope) {
    double longest = longest();
    double low = 0;
    double high = Double.POSITIVE_INFINITY;
    double step = Math.min(1, longest);
    double slack = misfit.rounding(value);
    for (int k = 0; k < TRIALS; k++) {
      evaluate(step, longest);
      if (!(trialValue <= value + 1e-4 * step * slope + slack)) {
        high = step;
      } else if (step < longest && dot(trialGradient, direction) < .9 * slope) {
        low = step;
      } else {
        return true;
      }
      step = next(step, low, high, slope);
      step = Math.min(step, longest);
    }
    if (low > 0) {
      evaluate(low, longest);
    }
    return low > 0;
  }

  private double next(double step, double low, double high, double slope) {
    if (high == Double.POSITIVE_INFINITY) {
      return 2 * step;
    }
    if (low > 0 || !(trialValue < Double.POSITIVE_INFINITY)) {
      return low > 0 ? .5 * (low + high) : .2 * high;
    }
    double parabola = -.5 * slope * step * step / (trialValue - value - step * slope);
    return Math.max(.1 * high, Math.min(.6 * high, parabola));
  }

  private double longest() {
    double longest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      if (direction[i] < 0) {
        longest = Math.min(longest, (lower[i] - x[i]) / direction[i]);
      } else if (direction[i] > 0) {
        longest = Math.min(longest, (upper[i] - x[i]) / direction[i]);
      }
    }
    return longest;
  }

  private void evaluate(double step, double longest) {
    for (int i = 0; i < size; i++) {
      double moved = x[i] + step * direction[i];
      // The parameter that limits the step lands on its bound exactly, in spite of rounding.
      boolean bound = step == longest && direction[i] != 0;
      if (bound && direction[i] < 0 && (lower[i] - x[i]) / direction[i] == longest) {
        moved = lower[i];
      } else if (bound && direction[i] > 0 && (upper[i] - x[i]) / direction[i] == longest) {
        moved = upper[i];
      }
      trial[i] = Math.max(lower[i], Math.min(upper[i], moved));
    }
    trialValue = misfit.evaluate(trial, trialGradient);
    evaluations++;
  }

  private void accept() {
    for (int i = 0; i < size; i++) {
      direction[i] = trial[i] - x[i];
      y[i] = held[i] ? 0 : trialGradient[i] - gradient[i];
      x[i] = trial[i];
      gradient[i] = trialGradient[i];
    }
    value = trialValue;
    metric.update(direction, y);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
