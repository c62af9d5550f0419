package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;

/**
 * Says which gradients a call forms and where those of the classifier go.
 *
 * @param hidden whether dE [N,D] is wanted
 * @param classifier whether dC [V,D] is wanted
 * @param bias whether dB [V] is wanted
 * @param intoC an array that dC is added to, or null for a new one
 * @param intoB an array that dB is added to, or null for a new one; given where intoC is
 */
public record Wanted(
    boolean hidden, boolean classifier, boolean bias, NDArray intoC, NDArray intoB) {

  /** Everything that the problem has, into new arrays. */
  public static Wanted all(HeadProblem problem) {
    return new Wanted(true, true, problem.b() != null, null, null);
  }

  boolean adds() {
    return intoC != null || intoB != null;
  }
}
