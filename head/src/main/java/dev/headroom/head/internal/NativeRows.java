package dev.headroom.head.internal;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.headroom.head.HeadOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * Lays what a call reads and writes a row into native memory, for the length of the call. What an
 * option leaves off is null on both sides.
 */
final class NativeRows implements AutoCloseable {
  private final List<Memory> blocks = new ArrayList<>();
  private final HeadProblem problem;
  private final boolean statistics;
  private final NativeLibrary.Head at = new NativeLibrary.Head();

  /**
   * Copies the rows of a problem.
   *
   * @param forward statistics of an earlier forward pass, or null where this call makes them
   */
  NativeRows(HeadProblem problem, HeadResult.Rows forward) {
    this.problem = problem;
    statistics = forward == null;
    HeadOptions options = problem.options();
    at.t = longs(problem.targets());
    at.classWeight = floats(options.classWeights());
    if (problem.soft() != null) {
      at.softIds = longs(problem.soft().ids());
      at.softWeights = floats(problem.soft().weights());
    }
    at.r = floats(problem.r());
    at.rZ = floats(problem.rZ());
    if (problem.upstream() != null) {
      at.uLse = floats(problem.upstream().lse());
      at.uEntropy = floats(problem.upstream().entropy());
      at.uLogProb = floats(problem.upstream().logProb());
    }
    at.dropped = options.filter().on() ? room(4) : null;
    at.lse = statistics ? room(4) : floats(forward.lse());
    if (statistics) {
      outputs(options);
    } else {
      at.entropy = floats(forward.entropy());
    }
  }

  private void outputs(HeadOptions options) {
    at.nll = room(4);
    at.entropy = options.entropy() ? room(4) : null;
    at.smooth = options.labelSmoothing() > 0 ? room(4) : null;
    at.soft = problem.soft() != null ? room(4) : null;
    if (options.topK() > 0) {
      at.topIds = room(8L * options.topK());
      at.topLogits = room(4L * options.topK());
    }
  }

  private Memory block(long bytes) {
    Memory memory = new Memory(Math.max(8, bytes));
    blocks.add(memory);
    return memory;
  }

  private Pointer room(long bytesPerRow) {
    return block(bytesPerRow * problem.n());
  }

  private Pointer floats(float[] values) {
    if (values == null) {
      return null;
    }
    Memory memory = block(4L * values.length);
    memory.write(0, values, 0, values.length);
    return memory;
  }

  private Pointer longs(long[] values) {
    Memory memory = block(8L * values.length);
    memory.write(0, values, 0, values.length);
    return memory;
  }

  /** Points the call at these rows. */
  void attach(NativeLibrary.Head head) {
    head.t = at.t;
    head.classWeight = at.classWeight;
    head.softIds = at.softIds;
    head.softWeights = at.softWeights;
    head.r = at.r;
    head.rZ = at.rZ;
    head.uLse = at.uLse;
    head.uEntropy = at.uEntropy;
    head.uLogProb = at.uLogProb;
    head.nll = at.nll;
    head.lse = at.lse;
    head.entropy = at.entropy;
    head.smooth = at.smooth;
    head.soft = at.soft;
    head.topIds = at.topIds;
    head.topLogits = at.topLogits;
    head.dropped = at.dropped;
  }

  /** Returns the statistics that the call has written. */
  HeadResult.Rows read() {
    int top = problem.n() * problem.options().topK();
    return new HeadResult.Rows(
        read(at.nll, problem.n()),
        read(at.lse, problem.n()),
        read(at.smooth, problem.n()),
        read(at.soft, problem.n()),
        read(at.entropy, problem.n()),
        at.topIds == null ? null : at.topIds.getLongArray(0, top),
        read(at.topLogits, top));
  }

  /** Returns the mass of p that each row's gradient lacks, or null without a filter. */
  float[] dropped() {
    return read(at.dropped, problem.n());
  }

  private static float[] read(Pointer from, int count) {
    return from == null ? null : from.getFloatArray(0, count);
  }

  @Override
  public void close() {
    blocks.forEach(Memory::close);
  }
}
