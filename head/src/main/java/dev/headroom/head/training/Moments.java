package dev.headroom.head.training;

import com.sun.jna.Memory;

/**
 * Holds AdamW's state of one parameter in plain memory: two moments, the number of updates and the
 * remembered norm of its gradient.
 */
final class Moments {
  private final long count;
  private final Memory m;
  private final Memory s;
  private long step;
  private double norm;

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

  /** Norm of the gradients so far, as {@link AdaptiveNorm} says; 0 where there is none. */
  double norm() {
    return norm;
  }

  void norm(double newNorm) {
    norm = newNorm;
  }
}
