package dev.headroom.scaling.check.baseline;

/** Verdict of a comparison with golden runs. */
public enum Outcome {
  /** The run differs from the golden runs and is worse. */
  WORSE("different"),
  /** The run differs from the golden runs and is better. */
  BETTER("different"),
  /** Any difference is smaller than the margin. */
  EQUIVALENT("equivalent"),
  /** The runs spread too much, or are too few, for either. */
  CANNOT_TELL("cannot tell");

  private final String word;

  Outcome(String word) {
    this.word = word;
  }

  /** Returns the verdict in words: different, equivalent or cannot tell. */
  public String word() {
    return word;
  }
}
