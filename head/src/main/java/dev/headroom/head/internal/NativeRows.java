package dev.headroom.head.internal;

import com.sun.jna.Pointer;
import dev.headroom.head.HeadOptions;

/**
 * Lays what a call reads and writes a row into the memory of its kernels, for the length of the
 * call. What an option leaves off is null on both sides.
 */
final class NativeRows implements AutoCloseable {
  private final RowMemory memory;
  private final HeadProblem problem;
  private final HeadResult.Rows statistics;
  private final boolean given;
  private final NativeLibrary.Head at;
  private Throwable failure;

  /**
   * Copies the rows of a problem and points a call at them.
   *
   * @param memory where they go, which is closed with this
   * @param call the call, whose other fields are left alone
   * @param forward statistics of an earlier forward pass, or null where this call makes them
   */
  NativeRows(
      RowMemory memory, NativeLibrary.Head call, HeadProblem problem, HeadResult.Rows forward) {
    this.memory = memory;
    at = call;
    this.problem = problem;
    given = forward != null;
    statistics = given ? forward : HeadResult.Rows.empty(problem);
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
      at.uListed = floats(problem.upstream().listed());
      at.uRest = floats(problem.upstream().rest());
    }
    if (problem.listed() != null) {
      at.listedCount = problem.listed().each();
      at.listedKind = problem.listed().kind().ordinal();
      at.listedIds = problem.listed().ids() == null ? null : longs(problem.listed().ids());
      at.listedPlaces = longs(problem.listed().places());
      at.lseRest = statistics(statistics.rest());
      if (given && problem.listed().kind() == HeadProblem.Listed.Kind.TOP) {
        at.topIds = longs(statistics.topIds());
      }
    }
    at.dropped = options.filter().on() ? room(problem.n()) : null;
    at.nll = statistics(statistics.nll());
    at.lse = statistics(statistics.lse());
    at.entropy = statistics(statistics.entropy());
    if (!given) {
      outputs();
    }
  }

  /** Returns where the rows lie. */
  RowMemory memory() {
    return memory;
  }

  private void outputs() {
    at.squares = statistics(statistics.squares());
    at.variance = statistics(statistics.variance());
    at.smooth = statistics(statistics.smooth());
    at.soft = statistics(statistics.soft());
    at.listedLogits = statistics(statistics.listed());
    at.topIds = statistics.topIds() == null ? null : memory.take(8L * statistics.topIds().length);
    at.topLogits = statistics(statistics.topLogits());
    at.between = problem.between() == null ? null : this::between;
  }

  /** Lays out statistics that are given, or room for those that the call makes. */
  private Pointer statistics(float[] values) {
    return values == null ? null : given ? floats(values) : room(values.length);
  }

  private Pointer room(long floats) {
    return memory.take(4 * floats);
  }

  private Pointer floats(float[] values) {
    if (values == null) {
      return null;
    }
    Pointer at = memory.take(4L * values.length);
    memory.write(at, values, 0, values.length);
    return at;
  }

  private Pointer longs(long[] values) {
    Pointer at = memory.take(8L * values.length);
    memory.write(at, values);
    return at;
  }

  /** Hands a chunk's statistics to the problem and takes what it makes of them. */
  private void between(Pointer context, Pointer index, long count) {
    if (failure != null) {
      return;
    }
    int[] rows = new int[(int) count];
    long[] numbers = index.getLongArray(0, rows.length);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (int) numbers[i];
    }
    try {
      // (rows ascend, and so do their places)
      int first = rows[0];
      int end = rows[rows.length - 1] + 1;
      read(first, end);
      problem.between().form(statistics, rows);
      write(at.r, problem.r(), first, end);
      write(at.rZ, problem.rZ(), first, end);
      if (problem.upstream() != null) {
        write(at.uLse, problem.upstream().lse(), first, end);
        write(at.uEntropy, problem.upstream().entropy(), first, end);
        write(at.uLogProb, problem.upstream().logProb(), first, end);
        int from = placesFrom(first);
        int until = placesFrom(end);
        int each = problem.listed() == null ? 0 : problem.listed().each();
        write(at.uListed, problem.upstream().listed(), from * each, until * each);
        write(at.uRest, problem.upstream().rest(), from, until);
      }
    } catch (RuntimeException | Error e) {
      // nothing thrown may pass through native frames
      failure = e;
    }
  }

  /** Returns the first place of the rows from this one on. */
  private int placesFrom(int row) {
    if (problem.listed() == null) {
      return 0;
    }
    for (int i = row; i < problem.n(); i++) {
      if (problem.place(i) >= 0) {
        return problem.place(i);
      }
    }
    return problem.listed().count();
  }

  /** Returns the statistics that the call has written, or was given. */
  HeadResult.Rows read() {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
    if (!given) {
      read(0, problem.n());
    }
    return statistics;
  }

  private void read(int first, int end) {
    read(at.nll, statistics.nll(), first, end);
    read(at.lse, statistics.lse(), first, end);
    read(at.entropy, statistics.entropy(), first, end);
    read(at.squares, statistics.squares(), first, end);
    read(at.variance, statistics.variance(), first, end);
    read(at.smooth, statistics.smooth(), first, end);
    read(at.soft, statistics.soft(), first, end);
    if (problem.listed() != null) {
      int from = placesFrom(first);
      int until = placesFrom(end);
      int each = problem.listed().each();
      read(at.listedLogits, statistics.listed(), from * each, until * each);
      read(at.lseRest, statistics.rest(), from, until);
    }
    if (at.topIds != null) {
      int k = problem.options().topK();
      memory.read(at.topIds, statistics.topIds(), first * k, end * k);
      read(at.topLogits, statistics.topLogits(), first * k, end * k);
    }
  }

  /** Returns the mass of p that each row's gradient lacks, or null without a filter. */
  float[] dropped() {
    if (at.dropped == null) {
      return null;
    }
    float[] dropped = new float[problem.n()];
    read(at.dropped, dropped, 0, dropped.length);
    return dropped;
  }

  private void read(Pointer from, float[] into, int first, int end) {
    if (from != null) {
      memory.read(from, into, first, end);
    }
  }

  private void write(Pointer into, float[] from, int first, int end) {
    if (into != null) {
      memory.write(into, from, first, end);
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
