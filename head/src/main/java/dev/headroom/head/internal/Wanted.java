package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;

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

  /** No gradient. */
  public static final Wanted NOTHING = new Wanted(false, false, false, null, null);

  /** Everything that the problem has, into new arrays. */
  public static Wanted all(HeadProblem problem) {
    return new Wanted(true, true, problem.b() != null, null, null);
  }

  /** The gradients of the arrays that record one, into new arrays. */
  public static Wanted of(NDList predictions) {
    return new Wanted(
        TorchTensors.recordsGradient(predictions.get(0)),
        TorchTensors.recordsGradient(predictions.get(1)),
        predictions.size() > 2 && TorchTensors.recordsGradient(predictions.get(2)),
        null,
        null);
  }

  /** Returns whether a gradient of the head's parameters is wanted. */
  public boolean parameters() {
    return classifier || bias;
  }

  /** Returns the gradient of the hidden states alone. */
  public Wanted hiddenAlone() {
    return new Wanted(hidden, false, false, null, null);
  }

  /** Returns the gradients of the head's parameters alone. */
  public Wanted parametersAlone() {
    return new Wanted(false, classifier, bias, null, null);
  }

  /** Returns the same gradients, those of the parameters added to these arrays. */
  public Wanted into(NDArray c, NDArray b) {
    return new Wanted(hidden, classifier, bias, c, b);
  }

  boolean adds() {
    return intoC != null || intoB != null;
  }
}
