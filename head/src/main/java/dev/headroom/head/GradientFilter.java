package dev.headroom.head;

/**
 * Says how much of the softmax a gradient may leave out.
 *
 * <p>Softmax is sparse in trained models. With a filter, a block of rows forms its gradient only
 * for the classes to which one of its rows gives a probability of at least tau, and for its
 * targets; the logits are formed once for all classes and again for those that are kept. What a row
 * loses is counted exactly ({@code dropped = 1 - sum of kept p}) and put back as one column, {@code
 * dropped x mean dropped column of c}. Targets and label smoothing stay exact; the z-loss and the
 * bias lose the same share. The loss itself is never filtered.
 *
 * <p>A filter is a permission: rungs other than the native ones drop nothing. Do not use it early
 * in training, where the mass is spread over most classes and nothing is gained.
 *
 * @param tau probability below which an entry may be dropped, in [0,1); 0: chosen from the mass
 * @param maxDroppedMass limit on the mean mass that a row loses, in [0,1), from which tau is chosen
 *     at each call by a pilot of its rows; 0: tau as given
 * @param fullClassifier whether the classifier's gradient is formed without the filter, so that
 *     rare tokens still learn
 */
public record GradientFilter(double tau, double maxDroppedMass, boolean fullClassifier) {

  /** No filter. */
  public static final GradientFilter OFF = new GradientFilter(0, 0, false);

  /** Checks both limits. */
  public GradientFilter {
    check("tau", tau);
    check("maxDroppedMass", maxDroppedMass);
  }

  private static void check(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: in [0, 1))");
    }
  }

  /** Returns a filter that drops what lies below a probability. */
  public static GradientFilter below(double tau) {
    return new GradientFilter(tau, 0, false);
  }

  /**
   * Returns a filter under which a row loses at most this mass on average; 1e-2 is a good start.
   */
  public static GradientFilter upTo(double maxDroppedMass) {
    return new GradientFilter(0, maxDroppedMass, false);
  }

  /** Returns this filter for the hidden states alone. */
  public GradientFilter withFullClassifier() {
    return new GradientFilter(tau, maxDroppedMass, true);
  }

  /** Returns whether anything may be dropped. */
  public boolean on() {
    return tau > 0 || maxDroppedMass > 0;
  }
}
