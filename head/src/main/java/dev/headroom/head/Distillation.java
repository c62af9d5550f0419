package dev.headroom.head;

/**
 * Says what {@link DistillationLoss} computes of student and teacher; {@link #forwardKl} and its
 * siblings make one, {@code with} methods change it.
 *
 * @param divergence how the two softmaxes are compared
 * @param beta the teacher's share of the mixture of {@link Divergence#JENSEN_SHANNON}, in (0, 1); 0
 *     for the others
 * @param temperature tau, by which the logits of both sides are divided, positive
 * @param temperatureSquared whether the divergence is multiplied by tau^2, so that its gradients
 *     keep their size as tau grows (Hinton et al. 2015)
 * @param withoutTarget whether both softmaxes run over all classes but the row's target: the
 *     non-target part of decoupled and of normalised distillation
 * @param crossEntropy alpha in [0, 1] of {@code alpha CE + (1 - alpha) divergence}
 */
public record Distillation(
    Divergence divergence,
    double beta,
    double temperature,
    boolean temperatureSquared,
    boolean withoutTarget,
    double crossEntropy) {

  /**
   * Checks the numbers; Jensen-Shannon with beta 0 or 1 becomes the KL that it tends to once it is
   * divided by beta or 1 - beta, as it is 0 itself.
   */
  public Distillation {
    if (divergence == Divergence.JENSEN_SHANNON && (beta == 0 || beta == 1)) {
      divergence = beta == 0 ? Divergence.FORWARD_KL : Divergence.REVERSE_KL;
      beta = 0;
    }
    boolean mixed = divergence == Divergence.JENSEN_SHANNON;
    require(mixed ? beta > 0 && beta < 1 : beta == 0, "beta", beta, mixed ? "in [0, 1]" : "0");
    boolean positive = temperature > 0 && temperature < Double.POSITIVE_INFINITY;
    require(positive, "temperature", temperature, "a positive number");
    require(crossEntropy >= 0 && crossEntropy <= 1, "crossEntropy", crossEntropy, "in [0, 1]");
  }

  private static void require(boolean good, String name, double actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }

  private static Distillation of(Divergence divergence, double beta) {
    return new Distillation(divergence, beta, 1, false, false, 0);
  }

  /** Returns KL(teacher | student) at temperature 1. */
  public static Distillation forwardKl() {
    return of(Divergence.FORWARD_KL, 0);
  }

  /** Returns KL(student | teacher) at temperature 1. */
  public static Distillation reverseKl() {
    return of(Divergence.REVERSE_KL, 0);
  }

  /**
   * Returns the generalised Jensen-Shannon divergence at temperature 1, in the convention of
   * Agarwal et al. 2024: beta is the teacher's share of the mixture, so small betas act like the
   * forward KL and large ones like the reverse; at 0 and 1 it is these.
   */
  public static Distillation jensenShannon(double beta) {
    return of(Divergence.JENSEN_SHANNON, beta);
  }

  /** Returns the sum of the two cross-entropies at temperature 1. */
  public static Distillation symmetricCrossEntropy() {
    return of(Divergence.SYMMETRIC_CROSS_ENTROPY, 0);
  }

  /** Returns minus the logarithm of the inner product at temperature 1. */
  public static Distillation innerProduct() {
    return of(Divergence.INNER_PRODUCT, 0);
  }

  /** Returns minus the teacher's logit as the student expects it, at temperature 1. */
  public static Distillation expectedLogit() {
    return of(Divergence.EXPECTED_LOGIT, 0);
  }

  /** Returns this with another temperature; squared: with the divergence times its square. */
  public Distillation withTemperature(double tau, boolean squared) {
    return new Distillation(divergence, beta, tau, squared, withoutTarget, crossEntropy);
  }

  /**
   * Returns this over all classes but the target of each row, or over all.
   *
   * <p>With {@link #forwardKl} this is the non-target part of decoupled distillation (Zhao et al.
   * 2022) and, up to a constant, of the normalised one (Yang et al. 2023), which {@link
   * NormalizedDistillationLoss} is as a whole.
   */
  public Distillation withoutTarget(boolean value) {
    return new Distillation(divergence, beta, temperature, temperatureSquared, value, crossEntropy);
  }

  /** Returns this with another share of the cross-entropy of the targets. */
  public Distillation withCrossEntropy(double alpha) {
    return new Distillation(
        divergence, beta, temperature, temperatureSquared, withoutTarget, alpha);
  }
}
