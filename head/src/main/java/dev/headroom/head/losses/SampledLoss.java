package dev.headroom.head.losses;

import dev.headroom.head.RowLoss;

/** A loss in place of the cross-entropy that sees a uniform sample of the classes alone. */
abstract class SampledLoss implements RowLoss {
  final long[] sample;
  final long classes;

  SampledLoss(long[] sample, long classes, int least, String reason) {
    if (sample.length < least) {
      throw new IllegalArgumentException(
          "sample: "
              + sample.length
              + " classes (expected: at least "
              + least
              + ", "
              + reason
              + ")");
    }
    this.sample = sample.clone();
    this.classes = classes;
  }

  @Override
  public final long[] listedClasses() {
    return sample.clone();
  }
}
