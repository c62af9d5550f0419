package dev.headroom.scaling.fit;

/**
 * Gives what one residual costs, with its derivatives.
 *
 * <p>Student's t is {@code (nu + 1)/2 log(1 + r^2 / (nu s^2)) + log s}, less the constant of its
 * density, with the scale {@code s} that {@link #rescale} estimates. Belongs to one thread.
 */
final class Penalty {

  /** A scale below this is rounding: residuals are differences of logarithms. */
  private static final double LEAST_SCALE = 1e-9;

  private final Objective objective;
  private final double delta;
  private final double tails;
  private double variance = 1;

  Penalty(FitOptions options) {
    this.objective = options.objective();
    this.delta = options.delta();
    this.tails = options.tails();
  }

  /** Returns the scale of Student's t. */
  double scale() {
    return Math.sqrt(variance);
  }

  /**
   * Sets the scale of Student's t to its most likely value: {@code sum w (nu + 1) r^2 / (nu s^2 +
   * r^2) = sum w}, by Newton's method on {@code log s^2} from above, where it is monotone.
   */
  void rescale(double[] residuals, double[] weights, int count) {
    double squares = 0;
    double total = 0;
    for (int k = 0; k < count; k++) {
      squares += weights[k] * residuals[k] * residuals[k];
      total += weights[k];
    }
    double least = LEAST_SCALE * LEAST_SCALE;
    double log = Math.log(Math.max(least, squares / total));
    for (int iteration = 0; iteration < 60; iteration++) {
      double part = tails * Math.exp(log);
      double excess = -total;
      double slope = 0;
      for (int k = 0; k < count; k++) {
        double square = residuals[k] * residuals[k];
        double share = square / (part + square);
        excess += weights[k] * (tails + 1) * share;
        slope += weights[k] * (tails + 1) * share * (1 - share);
      }
      double step = slope > 0 ? Math.max(-3, Math.min(3, excess / slope)) : -3;
      log = Math.max(Math.log(least), log + step);
      if (Math.abs(step) < 1e-13 || (log <= Math.log(least) && step < 0)) {
        break;
      }
    }
    variance = Math.max(least, Math.exp(log));
  }

  /** Returns the contribution of one residual to the objective. */
  double rho(double residual) {
    switch (objective) {
      case HUBER_LOG:
        double size = Math.abs(residual);
        return size <= delta ? .5 * residual * residual : delta * (size - .5 * delta);
      case STUDENT_T:
        return .5 * (tails + 1) * Math.log1p(residual * residual / (tails * variance))
            + .5 * Math.log(variance);
      default:
        return residual * residual;
    }
  }

  /** Returns the derivative of {@link #rho}. */
  double psi(double residual) {
    switch (objective) {
      case HUBER_LOG:
        return Math.max(-delta, Math.min(delta, residual));
      case STUDENT_T:
        return (tails + 1) * residual / (tails * variance + residual * residual);
      default:
        return 2 * residual;
    }
  }

  /** Returns {@code psi(r)/r}, which is 2 for squares. */
  double weight(double residual) {
    switch (objective) {
      case HUBER_LOG:
        double size = Math.abs(residual);
        return size <= delta ? 1 : delta / size;
      case STUDENT_T:
        return (tails + 1) / (tails * variance + residual * residual);
      default:
        return 2;
    }
  }

  /**
   * Returns the derivative of {@link #psi}, for the Huber function its mean over a window around
   * the residual: with delta far below the noise it is 1 at few points only.
   */
  double bend(double residual, double window) {
    switch (objective) {
      case HUBER_LOG:
        if (window == 0) {
          return Math.abs(residual) <= delta ? 1 : 0;
        }
        double overlap = Math.min(delta, residual + window) - Math.max(-delta, residual - window);
        return Math.max(0, overlap) / (2 * window);
      case STUDENT_T:
        double sum = tails * variance + residual * residual;
        return (tails + 1) * (tails * variance - residual * residual) / (sum * sum);
      default:
        return 2;
    }
  }
}
