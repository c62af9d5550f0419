package dev.headroom.scaling.plan;

/**
 * Minimises a convex function over shares: {@code sum r = 1, low <= r <= high}.
 *
 * <p>Spectral projected gradient. It ends when {@code max over s of gradient . (r - s)}, which
 * bounds how far the value lies above the minimum, is within the tolerance, or when no step lowers
 * the value any more.
 *
 * <p>Source: Birgin, Martinez and Raydan 2000, SIAM J. Optim. 10(4), algorithm 2.2; the bound is
 * that of Jaggi 2013, ICML, section 2.
 */
final class SimplexSearch {

  private static final int STEPS = 10_000;
  private static final int HALVINGS = 60;
  private static final double ROUNDING = 1e-12;
  private static final double LEAST_STEP = 1e-10;
  private static final double MOST_STEP = 1e10;

  /** A convex function with its gradient. */
  interface Function {

    /** Returns the value and writes the gradient. */
    double at(double[] r, double[] gradient);
  }

  private final Function function;
  private final double[] low;
  private final double[] high;
  private final double tolerance;
  private final double[] nextGradient;
  private double value;
  private double[] point;
  private double[] gradient;

  private SimplexSearch(Function function, double[] low, double[] high, double tolerance) {
    this.function = function;
    this.low = low;
    this.high = high;
    this.tolerance = tolerance;
    this.nextGradient = new double[low.length];
  }

  /**
   * Returns the shares at the minimum.
   *
   * @param low lower bounds, from 0, their sum at most 1
   * @param high upper bounds, their sum at least 1
   * @param tolerance how far above the minimum the value may lie
   */
  static double[] minimise(Function function, double[] low, double[] high, double tolerance) {
    return new SimplexSearch(function, low, high, tolerance).run();
  }

  private double[] run() {
    int n = low.length;
    double[] even = new double[n];
    java.util.Arrays.fill(even, 1. / n);
    point = project(even);
    gradient = new double[n];
    value = function.at(point, gradient);
    double largest = 0;
    for (double g : gradient) {
      largest = Math.max(largest, Math.abs(g));
    }
    double step = largest > 0 ? 1 / largest : 1;
    for (int k = 0; k < STEPS && gap() > tolerance && step > 0; k++) {
      step = advance(step);
    }
    for (int j = 0; j < n; j++) {
      point[j] = point[j] - low[j] < ROUNDING ? low[j] : point[j];
      point[j] = high[j] - point[j] < ROUNDING ? high[j] : point[j];
    }
    return point;
  }

  /** Moves to a lower value; returns the next step length, 0 where no step lowers the value. */
  private double advance(double step) {
    int n = low.length;
    double[] aim = new double[n];
    for (int j = 0; j < n; j++) {
      aim[j] = point[j] - step * gradient[j];
    }
    aim = project(aim);
    double slope = 0;
    for (int j = 0; j < n; j++) {
      slope += gradient[j] * (aim[j] - point[j]);
    }
    double[] next = new double[n];
    double part = 1;
    for (int h = 0; h < HALVINGS; h++, part /= 2) {
      for (int j = 0; j < n; j++) {
        next[j] = point[j] + part * (aim[j] - point[j]);
      }
      double reached = function.at(next, nextGradient);
      if (reached < value && reached <= value + 1e-4 * part * slope) {
        return accept(next, reached);
      }
    }
    return 0;
  }

  private double accept(double[] next, double reached) {
    double moved = 0;
    double curved = 0;
    for (int j = 0; j < next.length; j++) {
      double s = next[j] - point[j];
      moved += s * s;
      curved += s * (nextGradient[j] - gradient[j]);
    }
    point = next;
    gradient = nextGradient.clone();
    value = reached;
    return curved > 0 ? Math.max(LEAST_STEP, Math.min(MOST_STEP, moved / curved)) : MOST_STEP;
  }

  /** Returns the bound: the linear part is least where the smallest slopes get all they may. */
  private double gap() {
    int n = low.length;
    Integer[] order = new Integer[n];
    double left = 1;
    double gap = 0;
    for (int j = 0; j < n; j++) {
      order[j] = j;
      left -= low[j];
      gap += gradient[j] * (point[j] - low[j]);
    }
    java.util.Arrays.sort(order, (a, b) -> Double.compare(gradient[a], gradient[b]));
    for (int j : order) {
      double more = Math.max(0, Math.min(left, high[j] - low[j]));
      gap -= gradient[j] * more;
      left -= more;
    }
    return gap;
  }

  /** Returns the nearest shares: {@code clip(v - tau)} with the tau that makes them sum to 1. */
  private double[] project(double[] v) {
    double below = Double.MAX_VALUE;
    double above = -Double.MAX_VALUE;
    for (int j = 0; j < v.length; j++) {
      below = Math.min(below, v[j] - high[j]);
      above = Math.max(above, v[j] - low[j]);
    }
    double[] shares = new double[v.length];
    for (double tau = (below + above) / 2; tau > below && tau < above; tau = (below + above) / 2) {
      if (clip(v, tau, shares) > 1) {
        below = tau;
      } else {
        above = tau;
      }
    }
    clip(v, above, shares);
    return shares;
  }

  private double clip(double[] v, double tau, double[] shares) {
    double sum = 0;
    for (int j = 0; j < v.length; j++) {
      shares[j] = Math.max(low[j], Math.min(high[j], v[j] - tau));
      sum += shares[j];
    }
    return sum;
  }
}
