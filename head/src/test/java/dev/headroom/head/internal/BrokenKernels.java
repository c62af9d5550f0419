package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;
import java.util.function.Consumer;

/** The reference with one thing done to its results: the contract must refuse each. */
final class BrokenKernels implements HeadKernels {
  private final HeadKernels right = new ReferenceKernels();
  private final Consumer<HeadResult> damage;

  BrokenKernels(Consumer<HeadResult> damage) {
    this.damage = damage;
  }

  private HeadResult damaged(HeadResult result) {
    damage.accept(result);
    return result;
  }

  @Override
  public Backend backend() {
    return Backend.REFERENCE;
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    return right.engine(options, n);
  }

  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    right.logits(problem, begin, end, into);
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return right.forward(problem);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return damaged(right.forwardBackward(problem, wanted));
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return right.backward(problem, forward, wanted);
  }
}
