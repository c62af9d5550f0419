package dev.headroom.head.training;

import com.sun.jna.Memory;

/** Holds AdamW's state of one parameter in plain memory: two moments and the number of updates. */
final class Moments {
  private final long count;
  private final Memory m;
  private final Memory s;
  private long step;

  Moments(long count) {
    this.count = count;
    m = zeros(count);
    s = zeros(count);
  }

  private static Memory zeros(long count) {
    // malloc of 0 bytes is refused
    Memory memory = new Memory(Math.max(4, count * 4));
    memory.clear();
    return memory;
  }

  long count() {
    return count;
  }

  Memory m() {
    return m;
  }

  Memory s() {
    return s;
  }

  /** Updates made so far. */
  long step() {
    return step;
  }

  void step(long newStep) {
    step = newStep;
  }
}
