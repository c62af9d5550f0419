package dev.headroom.head.bench;

/** Something that takes its turn in every round of a measurement. */
interface Contestant {

  /** Returns the name of its row. */
  String name();

  /** Returns how it comes by the probabilities: {@code kept}, {@code logits}, ... */
  String engine();

  /** Returns a safe guess of the bytes that a turn takes above the inputs, gradients included. */
  long neededBytes();

  /**
   * Computes once.
   *
   * @param inputs what to compute on
   * @param memory whether the peak of this turn is wanted, which may cost time
   * @throws TurnFailure where it could not
   */
  Turn turn(BenchInputs inputs, boolean memory);

  /**
   * What one turn gave.
   *
   * @param seconds of the computation alone
   * @param loss its mean loss
   * @param peakExtraBytes peak resident memory above inputs and gradients, -1 where unknown
   */
  record Turn(double seconds, double loss, long peakExtraBytes) {}

  /** A turn that could not be finished; the message is for the user. */
  final class TurnFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    TurnFailure(String message) {
      super(message);
    }

    TurnFailure(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
