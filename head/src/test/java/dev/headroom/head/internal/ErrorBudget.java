package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The promise about error, as data: bounds on the difference from the float64 reference, relative
 * to the largest magnitude of the reference array; for losses to that of the logits, at least 1
 * nat.
 */
public enum ErrorBudget {
  /** Loss and log-sum-exp in float32. */
  LOSS_FLOAT32(2e-6, 5e-7),
  /** Gradients in float32. */
  GRADIENT_FLOAT32(2e-5, 3e-6),
  /** Gradients from logits of 1e4: lse is stored in float32, and its rounding there scales p. */
  GRADIENT_FLOAT32_LOGITS_1E4(5e-4, 5e-4),
  /** Loss with operands rounded to bfloat16: 2^-9 a factor, averaging out over D. */
  LOSS_BFLOAT16(1.5e-2, 4e-3),
  /** Gradients with operands and logits' gradient rounded to bfloat16. */
  GRADIENT_BFLOAT16(4e-2, 1e-2);

  final double max;
  final double rms;

  ErrorBudget(double max, double rms) {
    this.max = max;
    this.rms = rms;
  }

  /**
   * Fails with the worst element where the bound on the maximum or the root mean square is broken.
   *
   * @param least the least magnitude that errors are relative to
   */
  public void check(String what, float[] reference, float[] actual, double least) {
    assertTrue(reference.length == actual.length, what + " length: " + actual.length);
    double scale = least;
    for (float value : reference) {
      scale = Float.isInfinite(value) ? scale : Math.max(scale, Math.abs(value));
    }
    double worst = 0;
    double squares = 0;
    int at = 0;
    for (int i = 0; i < reference.length; i++) {
      boolean same = actual[i] == reference[i];
      double error = same ? 0 : Math.abs((double) actual[i] - reference[i]) / scale;
      squares += error * error;
      // written so that NaN counts as worst
      if (!(error <= worst)) {
        worst = error;
        at = i;
      }
    }
    double root = Math.sqrt(squares / Math.max(1, reference.length));
    // a root mean square says something over many entries only
    boolean good = worst <= max && (root <= rms || reference.length < 100);
    String where =
        reference.length == 0
            ? ""
            : ", worst at " + at + ": " + actual[at] + " against " + reference[at];
    assertTrue(
        good,
        what + ": max " + worst + " rms " + root + " (expected: " + max + ", " + rms + ")" + where);
  }
}
