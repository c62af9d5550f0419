package dev.headroom.head;

import java.util.BitSet;

/**
 * Says from which classes a next one is drawn, and how sharply.
 *
 * <p>In this order: unused and masked classes are left out; {@code p = softmax(z / temperature)}
 * over the others, with the logits z of {@link VocabularyHead#logits}; the {@code topK} most
 * probable are kept; of these, {@code topP}, {@code minP} and {@code topNSigma} each keep the best
 * so many, and the fewest count; one of them is drawn with its share of what is kept. The most
 * probable class is always kept; of equal logits the lower id ranks first. {@link Mirostat} takes
 * the place of all rules but temperature and unused classes.
 *
 * @param temperature at least 1e-6; below 1 sharper, above 1 flatter; 1 with {@link
 *     HeadOptions#stableMax}
 * @param topK classes kept, 0 for all; 1 takes the most probable class, without chance
 * @param topP above 0, at most 1; 1 keeps all
 * @param minP 0 to 1; 0 keeps all
 * @param topNSigma 0 or a positive number; 0 keeps all
 * @param unused ids of classes that are never drawn
 */
public record Sampling(
    double temperature, int topK, double topP, double minP, double topNSigma, BitSet unused) {

  /** Checks every component and copies the unused ids. */
  public Sampling {
    require(
        temperature >= 1e-6 && temperature < Double.POSITIVE_INFINITY,
        "temperature",
        temperature,
        "a finite number, at least 1e-6; topK 1 takes the most probable class");
    require(topK >= 0, "topK", topK, "at least 1, or 0 for all classes");
    require(topP > 0 && topP <= 1, "topP", topP, "above 0, at most 1");
    require(minP >= 0 && minP <= 1, "minP", minP, "0 to 1");
    require(
        topNSigma >= 0 && topNSigma < Double.POSITIVE_INFINITY,
        "topNSigma",
        topNSigma,
        "a positive number, or 0 for all classes");
    require(unused != null, "unused", unused, "a set of ids, which may be empty");
    unused = (BitSet) unused.clone();
  }

  /** Says how sharply, and keeps the best topK and of these the nucleus topP. */
  public Sampling(double temperature, int topK, double topP) {
    this(temperature, topK, topP, 0, 0, new BitSet());
  }

  /** Returns sampling from all classes as the model sees them. */
  public static Sampling plain() {
    return new Sampling(1, 0, 1);
  }

  /** Returns the ids of classes that are never drawn; changing them changes nothing here. */
  @Override
  public BitSet unused() {
    return (BitSet) unused.clone();
  }

  /**
   * Returns this sampling with {@code p = softmax(z / temperature)}.
   *
   * <p>Leave it at 1 where drawn classes shall have the probabilities that the loss was trained on.
   */
  public Sampling withTemperature(double value) {
    return new Sampling(value, topK, topP, minP, topNSigma, unused);
  }

  /**
   * Returns this sampling from the k most probable classes, 0 for all.
   *
   * <p>Do not use it alone where rows differ much in how sure they are: k is too many for some and
   * too few for others. Source: Fan, Lewis and Dauphin, Hierarchical Neural Story Generation
   * (2018), section 5.4.
   */
  public Sampling withTopK(int value) {
    return new Sampling(temperature, value, topP, minP, topNSigma, unused);
  }

  /**
   * Returns this sampling from the nucleus: the fewest most probable classes whose p sum to topP at
   * least, p relative to what topK keeps; 1 keeps all.
   *
   * <p>Do not use it at a high temperature, which lets thousands of classes into the nucleus: draws
   * get poor, and finding the nucleus takes further passes. Source: Holtzman et al., The Curious
   * Case of Neural Text Degeneration (2020), section 3.1.
   */
  public Sampling withTopP(double value) {
    return new Sampling(temperature, topK, value, minP, topNSigma, unused);
  }

  /**
   * Returns this sampling from the classes with {@code p_v >= minP max(p)}, 0 for all.
   *
   * <p>Do not use it where p itself matters, such as estimates over samples: it cuts most where the
   * model is surest. Source: Nguyen et al., Turning Up the Heat: Min-p Sampling for Creative and
   * Coherent LLM Outputs (2024).
   */
  public Sampling withMinP(double value) {
    return new Sampling(temperature, topK, topP, value, topNSigma, unused);
  }

  /**
   * Returns this sampling from the classes with {@code z_v >= max(z) - n sigma}, 0 for all; sigma
   * is the standard deviation of the row's logits over all V classes that are not left out, before
   * topK. Which classes are kept does not depend on the temperature.
   *
   * <p>Costs one more pass over the logits. Do not use it with a soft cap that many logits reach:
   * their deviation is then that of the cap. Source: Tang et al., Top-n-sigma: Not All Logits Are
   * You Need (2024).
   */
  public Sampling withTopNSigma(double value) {
    return new Sampling(temperature, topK, topP, minP, value, unused);
  }

  /**
   * Returns this sampling without these classes, such as ids that no token uses; p is that of the
   * others. A bias of minus infinity leaves a class out of training too.
   *
   * @param ids 0 to V - 1
   */
  public Sampling withUnused(BitSet ids) {
    return new Sampling(temperature, topK, topP, minP, topNSigma, ids);
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }
}
