package dev.headroom.head.bench;

import dev.headroom.head.bench.Contestant.Turn;
import java.util.Arrays;

/** What a contestant showed so far. */
final class Score {
  private final Contestant contestant;
  private double[] seconds = {};
  private double loss = Double.NaN;
  private long peakExtraBytes = -1;
  private String note = "";
  private boolean out;

  Score(Contestant contestant) {
    this.contestant = contestant;
  }

  Contestant contestant() {
    return contestant;
  }

  String note() {
    return note;
  }

  double loss() {
    return loss;
  }

  long peakExtraBytes() {
    return peakExtraBytes;
  }

  /** Says that it takes no more turns. */
  boolean isOut() {
    return out;
  }

  /** Returns whether it gave any time. */
  boolean hasTime() {
    return seconds.length > 0;
  }

  /** Takes no more turns; what it showed is forgotten. */
  void leaveOut(String why) {
    out = true;
    note = why;
    seconds = new double[0];
    loss = Double.NaN;
    peakExtraBytes = -1;
  }

  /** Takes no more turns; the turn it had counts. */
  void stopAt(Turn only, String why) {
    out = true;
    note = why;
    count(only);
  }

  /** Keeps the loss and the peak of a turn that does not count. */
  void warm(Turn turn) {
    loss = turn.loss();
    // the last one stays: by then the gradient buffers exist
    peakExtraBytes = turn.peakExtraBytes();
  }

  /** Keeps the time of a turn. */
  void count(Turn turn) {
    loss = turn.loss();
    seconds = Arrays.copyOf(seconds, seconds.length + 1);
    seconds[seconds.length - 1] = turn.seconds();
  }

  /** Replaces the loss by that of other rows. */
  void judgeBy(double otherLoss) {
    loss = otherLoss;
  }

  /** Returns the median of the turns that count, NaN where there are none. */
  double medianSeconds() {
    if (seconds.length == 0) {
      return Double.NaN;
    }
    double[] sorted = seconds.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
