package dev.headroom.head.internal;

import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.SphericalFunction;
import java.nio.FloatBuffer;

/**
 * Computes a loss of the spherical family: statistics of the rows and, of what the loss makes of
 * them, gradients. {@code nll} of a row is its loss; {@code lse} stays 0.
 *
 * <p>{@link #backward} forms the statistics again and uses those it is given for nothing.
 */
public final class SphericalKernels implements HeadKernels {
  private final Backend backend;
  private final SphericalFunction function;
  private final Rung rung;
  private int degenerateRows;

  /** One implementation. */
  interface Rung {
    /** Begins a call. */
    Pass open(HeadProblem problem, Wanted wanted);

    /** Gives scratch memory that was kept for the next call back to the system. */
    default void releaseMemory() {}
  }

  /** One call: statistics first, gradients after them where any are wanted. */
  interface Pass extends AutoCloseable {
    SphericalRows.Statistics statistics();

    /** Returns the wanted gradients; the result's rows are those that are given. */
    HeadResult gradients(SphericalRows rows);

    @Override
    void close();
  }

  SphericalKernels(Backend backend, SphericalFunction function, Rung rung) {
    this.backend = backend;
    this.function = function;
    this.rung = rung;
  }

  @Override
  public Backend backend() {
    return backend;
  }

  /** Returns RECOMPUTED: nothing of size N x V exists. */
  @Override
  public Engine engine(HeadOptions options, long n) {
    return Engine.RECOMPUTED;
  }

  /** Returns how many rows of the last call the loss could not tell classes apart in. */
  public int degenerateRows() {
    return degenerateRows;
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return forwardBackward(problem, Wanted.NOTHING);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    HeadResult result = forwardBackward(problem, wanted);
    return new HeadResult(forward, result.dE(), result.dC(), null);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    try (Pass pass = rung.open(problem, wanted)) {
      SphericalRows rows = SphericalRows.of(problem, function, pass.statistics());
      degenerateRows = rows.degenerate();
      return wanted.hidden() || wanted.classifier()
          ? pass.gradients(rows)
          : new HeadResult(rows.statistics(), null, null, null);
    }
  }

  /** Refuses: predictions are made with the kernels of the head, from the same classifier. */
  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    throw new UnsupportedOperationException(
        "logits of a spherical loss: none (expected: SphericalHead.outputs or topK)");
  }

  @Override
  public void releaseMemory() {
    rung.releaseMemory();
  }
}
