package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;

/** The reference with one row of dE of the wrong sign: the contract must refuse it. */
final class BrokenKernels implements HeadKernels {
  private final HeadKernels right = new ReferenceKernels();

  @Override
  public Backend backend() {
    return Backend.REFERENCE;
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    return right.engine(options, n);
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return right.forward(problem);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    HeadResult result = right.forwardBackward(problem, wanted);
    result.dE().get(0).muli(-1);
    return result;
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return right.backward(problem, forward, wanted);
  }
}
