package dev.headroom.head;

/**
 * The losses of a {@link SphericalHead}: those that know the V outputs {@code o = c e} only through
 * their sum, their sum of squares and the target's own, so that loss and gradients cost O(N D^2 + V
 * D^2) and not O(N V D).
 *
 * <p>Letters: {@code mu} the mean of o, {@code S = sum (o - mu)^2}, {@code y = o_t - mu}; {@code
 * sum o = V mu} and {@code sum o^2 = S + V mu^2} are made of them without cancellation. All is
 * float64. A row with several targets of weights q has the loss {@code sum_k q_k loss(t_k)}, their
 * weighted mean where the weights sum to 1.
 */
public sealed interface SphericalFunction {

  /**
   * The loss of one target and its derivatives.
   *
   * @param loss of the row
   * @param ofMean by mu, with S and o_t held
   * @param ofSpread by S
   * @param ofTarget by o_t
   */
  record Slope(double loss, double ofMean, double ofSpread, double ofTarget) {}

  /**
   * Returns loss and derivatives.
   *
   * @param classes V
   * @param mu mean of the outputs
   * @param spread S, at least 0
   * @param y {@code o_t - mu}
   */
  Slope at(double classes, double mu, double spread, double y);

  /** Returns whether the loss cannot tell the classes of such a row apart: gradient 0, counted. */
  default boolean degenerate(double spread) {
    return false;
  }

  /** Returns whether a larger output always means a likelier class. */
  boolean grows();

  /**
   * The Z-loss: {@code softplus(a (b - z_t)) / a} with {@code z = (o - mu) / sigma} and {@code
   * sigma^2 = S / V}, which no shift and no positive scale of the outputs changes.
   *
   * <p>{@code dL/dz_t = -s}, {@code s = sigmoid(a (b - z_t))}; by o_t {@code -s / sigma}, by mu
   * {@code s / sigma}, by S {@code s z_t / (2 S)}. Where sigma is 0 the loss is {@code softplus(a
   * b) / a} and the gradient 0.
   *
   * <p>Not for use where probabilities are needed: it ranks classes. b has to be tuned; the paper
   * takes a in 0.05 to 1 and b near the z_t that a good model can reach, which grows with V.
   *
   * <p>Source: de Brebisson and Vincent, The Z-loss: a shift and scale invariant classification
   * loss belonging to the Spherical Family, arXiv 1604.08859 (2016), section 3.
   *
   * @param a sharpness, positive
   * @param b the z_t that is aimed at
   */
  record ZLoss(double a, double b) implements SphericalFunction {

    /** Checks both. */
    public ZLoss {
      require(a > 0 && a < Double.POSITIVE_INFINITY, "a", a, "a positive number");
      require(Math.abs(b) < Double.POSITIVE_INFINITY, "b", b, "a finite number");
    }

    @Override
    public Slope at(double classes, double mu, double spread, double y) {
      if (degenerate(spread)) {
        return new Slope(softplus(a * b) / a, 0, 0, 0);
      }
      double sigma = Math.sqrt(spread / classes);
      double z = y / sigma;
      double s = 1 / (1 + Math.exp(-a * (b - z)));
      return new Slope(softplus(a * (b - z)) / a, s / sigma, s * z / (2 * spread), -s / sigma);
    }

    private static double softplus(double x) {
      return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    @Override
    public boolean degenerate(double spread) {
      return spread == 0;
    }

    @Override
    public boolean grows() {
      return true;
    }
  }

  /**
   * The log of the spherical softmax: {@code -log((o_t^2 + eps) / sum_v (o_v^2 + eps))}.
   *
   * <p>With {@code Z = S + V mu^2 + V eps}: by o_t {@code -2 o_t / (o_t^2 + eps)}, by mu {@code 2 V
   * mu / Z}, by S {@code 1 / Z}.
   *
   * <p>Not for use where a class may be likely by a large output alone: it is even in o, so that
   * the best class is not that of the largest output; and not where the model has no other force
   * that bounds o, since eps sets the scale.
   *
   * <p>Source: de Brebisson and Vincent, An Exploration of Softmax Alternatives Belonging to the
   * Spherical Loss Family, arXiv 1511.05042 (ICLR 2016), section 4.1.
   *
   * @param epsilon eps, positive: without it the loss of o_t = 0 is infinite
   */
  record SphericalSoftmax(double epsilon) implements SphericalFunction {

    /** Checks it. */
    public SphericalSoftmax {
      require(
          epsilon > 0 && epsilon < Double.POSITIVE_INFINITY,
          "epsilon",
          epsilon,
          "a positive number");
    }

    @Override
    public Slope at(double classes, double mu, double spread, double y) {
      double o = mu + y;
      double own = o * o + epsilon;
      double all = spread + classes * (mu * mu + epsilon);
      double loss = Math.log(all) - Math.log(own);
      return new Slope(loss, 2 * classes * mu / all, 1 / all, -2 * o / own);
    }

    @Override
    public boolean grows() {
      return false;
    }
  }

  /**
   * The log of the Taylor softmax: {@code -log(f(o_t) / sum_v f(o_v))} with {@code f(o) = 1 + o +
   * o^2 / 2}, the second-order expansion of exp.
   *
   * <p>f is at least 1/2. With {@code Z = S / 2 + V f(mu)}: by o_t {@code -(1 + o_t) / f(o_t)}, by
   * mu {@code V (1 + mu) / Z}, by S {@code 1 / (2 Z)}.
   *
   * <p>Not for use with outputs far below -1, where f grows again: the best class is not always
   * that of the largest output. With large V a single class can hardly reach a high probability.
   *
   * <p>Source: as {@link SphericalSoftmax}, section 4.2.
   */
  record TaylorSoftmax() implements SphericalFunction {

    @Override
    public Slope at(double classes, double mu, double spread, double y) {
      double o = mu + y;
      double own = f(o);
      double all = spread / 2 + classes * f(mu);
      double loss = Math.log(all) - Math.log(own);
      return new Slope(loss, classes * (1 + mu) / all, 1 / (2 * all), -(1 + o) / own);
    }

    // a sum of squares: 1 + o + o^2/2 would cancel near o = -1
    private static double f(double o) {
      return ((1 + o) * (1 + o) + 1) / 2;
    }

    @Override
    public boolean grows() {
      return false;
    }
  }

  /**
   * Half the squared distance from the one-hot target: {@code sum_v (o_v - [v = t])^2 / 2}.
   *
   * <p>By o_t {@code -1}, by mu {@code V mu}, by S {@code 1/2}: {@code dL/do_v = o_v - [v = t]}.
   * The sum over other classes is the difference {@code sum o^2 - o_t^2}, exact to float32's
   * rounding of {@code sum o^2}: near 0 the loss is only as good as that.
   *
   * <p>Not for use with large V: the V - 1 zeros outweigh the one target, and training is slow to
   * leave o = 0.
   *
   * <p>Source: Vincent, de Brebisson and Bouthillier, Efficient Exact Gradient Update for training
   * Deep Networks with Very Large Sparse Targets, arXiv 1412.7091 (NIPS 2015), whose loss is
   * without the half.
   */
  record SquaredError() implements SphericalFunction {

    @Override
    public Slope at(double classes, double mu, double spread, double y) {
      double o = mu + y;
      double others = Math.max(0, spread + classes * mu * mu - o * o);
      return new Slope((others + (o - 1) * (o - 1)) / 2, classes * mu, 0.5, -1);
    }

    @Override
    public boolean grows() {
      return true;
    }
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }
}
