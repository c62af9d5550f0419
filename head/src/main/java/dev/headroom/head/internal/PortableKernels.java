package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;

/**
 * Computes the head with DJL operations on tiles of logits: any device that DJL runs on, no native
 * code of our own.
 *
 * <p>Rows go in chunks; the logits of a chunk are formed a tile of classes at a time ({@link
 * PortableTile}), once for the statistics ({@link PortableStatistics}) and once more for the
 * gradients ({@link PortableGradients}). Everything on a tile is float32, running sums of the rows
 * float64 on the Java heap. Extra memory: the workspace, of which a tile's temporaries take a
 * sixteenth each.
 */
public final class PortableKernels implements HeadKernels {
  private static final long TILE_COLUMNS = 4096;
  private static final long TEMPORARIES = 16;

  @Override
  public Backend backend() {
    return Backend.PORTABLE;
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    return Engine.RECOMPUTED;
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return run(problem, null, null);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return run(problem, null, wanted);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return run(problem, forward, wanted);
  }

  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    checkCompute(problem);
    try (NDManager scratch = problem.e().getManager().newSubManager();
        NDArray c = problem.c().stopGradient();
        NDArray b = problem.b() == null ? null : problem.b().stopGradient()) {
      NDArray e = PortableTile.float32(scratch, problem.e().stopGradient());
      try (PortableTile tile =
          new PortableTile(e, new PortableTile.Operands(c, b, problem.options()), begin, end)) {
        into.put(0, tile.z.toFloatArray());
      }
    }
  }

  private static void checkCompute(HeadProblem problem) {
    Shapes.require(
        problem.options().compute() == ComputeType.FLOAT32,
        "compute",
        problem.options().compute(),
        "FLOAT32 on the PORTABLE backend, DJL has no other");
  }

  private static HeadResult run(HeadProblem problem, HeadResult.Rows given, Wanted wanted) {
    checkCompute(problem);
    NDManager manager = problem.e().getManager();
    HeadResult.Rows rows = given != null ? given : HeadResult.Rows.empty(problem);
    HeadResult out =
        wanted == null
            ? new HeadResult(rows, null, null, null)
            : outputs(manager, problem, rows, wanted);
    long tileColumns = Math.min(TILE_COLUMNS, problem.options().classes());
    long fitting = problem.options().workspaceBytes() / (4 * TEMPORARIES * tileColumns);
    int chunkRows = (int) Math.max(1, Math.min(fitting, problem.n()));
    Classes classes = Classes.of(problem);
    try (NDManager scratch = manager.newSubManager();
        NDArray e = problem.e().stopGradient();
        NDArray c = problem.c().stopGradient();
        NDArray b = problem.b() == null ? null : problem.b().stopGradient()) {
      PortableTile.Operands operands = new PortableTile.Operands(c, b, problem.options());
      for (int first = 0; first < problem.n(); first += chunkRows) {
        int end = Math.min(problem.n(), first + chunkRows);
        try (NDManager chunk = scratch.newSubManager()) {
          NDArray hidden = PortableTile.float32(chunk, e.get(new NDIndex("{}:{}", first, end)));
          if (given == null) {
            new PortableStatistics(problem, classes, rows, first, end)
                .run(hidden, operands, tileColumns);
          }
          if (given == null && wanted != null) {
            problem.formBetween(rows, first, end);
          }
          if (wanted != null) {
            new PortableGradients(problem, classes, out, first, end)
                .run(hidden, operands, tileColumns);
          }
        }
      }
    } catch (RuntimeException | Error failure) {
      out.discard(wanted);
      throw failure;
    }
    return out;
  }

  private static HeadResult outputs(
      NDManager manager, HeadProblem problem, HeadResult.Rows rows, Wanted wanted) {
    long d = problem.options().width();
    long v = problem.options().classes();
    NDArray dE = wanted.hidden() ? manager.zeros(new Shape(problem.n(), d)) : null;
    NDArray dC = wanted.classifier() ? into(manager, wanted.intoC(), v, d) : null;
    NDArray dB = wanted.bias() ? into(manager, wanted.intoB(), v) : null;
    return new HeadResult(rows, dE, dC, dB);
  }

  private static NDArray into(NDManager manager, NDArray given, long... shape) {
    return given != null ? given : manager.zeros(new Shape(shape));
  }
}
