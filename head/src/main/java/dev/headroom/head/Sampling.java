package dev.headroom.head;

/**
 * Says from which classes a next one is drawn, and how sharply.
 *
 * <p>Probabilities are {@code softmax(z / temperature)}; of them the {@code topK} most probable are
 * kept, and of these, made to sum to 1, the smallest set of most probable ones whose sum reaches
 * {@code topP} (nucleus).
 *
 * @param temperature at least 1e-6; below 1 sharper, above 1 flatter
 * @param topK classes kept, 0 for all; 1 takes the most probable class, without chance
 * @param topP above 0, at most 1; 1 keeps all
 */
public record Sampling(double temperature, int topK, double topP) {

  /** Checks every component. */
  public Sampling {
    require(
        temperature >= 1e-6 && temperature < Double.POSITIVE_INFINITY,
        "temperature",
        temperature,
        "a finite number, at least 1e-6; topK 1 takes the most probable class");
    require(topK >= 0, "topK", topK, "at least 1, or 0 for all classes");
    require(topP > 0 && topP <= 1, "topP", topP, "above 0, at most 1");
  }

  /** Returns sampling from all classes as the model sees them. */
  public static Sampling plain() {
    return new Sampling(1, 0, 1);
  }

  private static void require(boolean good, String name, Object actual, String rule) {
    if (!good) {
      throw new IllegalArgumentException(name + ": " + actual + " (expected: " + rule + ")");
    }
  }
}
