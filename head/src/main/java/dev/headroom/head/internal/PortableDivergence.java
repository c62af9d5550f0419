package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;

/**
 * Compares two heads with DJL operations on tiles of logits: any device that DJL runs on.
 *
 * <p>Rows go in chunks, whose logits are formed a tile of classes at a time, of both sides, three
 * times: for the normalisers, the values and the gradients. Everything on a tile is float32, sums
 * over tiles float64 on the Java heap. Extra memory: the workspace, of which a tile's temporaries
 * take a part each.
 */
final class PortableDivergence implements DivergenceKernels {
  private static final long TILE_COLUMNS = 4096;
  private static final long TEMPORARIES = 32;

  @Override
  public Backend backend() {
    return Backend.PORTABLE;
  }

  @Override
  public DivergenceResult run(DivergenceProblem problem, Wanted wanted) {
    HeadProblem own = problem.student();
    Shapes.require(
        own.options().compute() == ComputeType.FLOAT32,
        "compute",
        own.options().compute(),
        "FLOAT32 on the PORTABLE backend, DJL has no bfloat16");
    NDManager manager = own.e().getManager();
    long d = own.options().width();
    long v = own.options().classes();
    float[] values = new float[own.n()];
    NDArray dE = wanted.hidden() ? manager.zeros(new Shape(own.n(), d)) : null;
    NDArray dC = wanted.classifier() ? into(manager, wanted.intoC(), v, d) : null;
    NDArray dB = wanted.bias() ? into(manager, wanted.intoB(), v) : null;
    DivergenceResult out = new DivergenceResult(values, new HeadResult(null, dE, dC, dB));
    long fitting = own.options().workspaceBytes() / (4 * TEMPORARIES * Math.min(TILE_COLUMNS, v));
    int chunkRows = (int) Math.max(1, Math.min(fitting, own.n()));
    try (NDManager scratch = manager.newSubManager();
        NDArray c = own.c().stopGradient();
        NDArray b = own.b() == null ? null : own.b().stopGradient();
        NDArray teacherC = problem.c().stopGradient()) {
      PortableTile.Operands x = new PortableTile.Operands(c, b, own.options());
      PortableTile.Operands y = new PortableTile.Operands(teacherC, problem.b(), problem.teacher());
      for (int first = 0; first < own.n(); first += chunkRows) {
        int end = Math.min(own.n(), first + chunkRows);
        try (NDManager chunk = scratch.newSubManager()) {
          NDIndex rows = new NDIndex("{}:{}", first, end);
          NDArray e = PortableTile.float32(chunk, own.e().get(rows));
          NDArray teacherE = PortableTile.float32(chunk, problem.e().get(rows));
          new Chunk(problem, out, first, end, e, teacherE, x, y).run();
        }
      }
    } catch (RuntimeException | Error failure) {
      out.gradients().discard(wanted);
      throw failure;
    }
    return out;
  }

  private static NDArray into(NDManager manager, NDArray given, long... shape) {
    return given != null ? given : manager.zeros(new Shape(shape));
  }

  /** A chunk of rows. */
  private static final class Chunk {
    private final DivergenceProblem problem;
    private final DivergenceResult out;
    private final int first;
    private final int rows;
    private final NDArray e;
    private final NDArray teacherE;
    private final PortableTile.Operands student;
    private final PortableTile.Operands teacher;
    private final boolean[] kept;
    private final float[] scales;
    private final PortableSums sums;

    Chunk(
        DivergenceProblem problem,
        DivergenceResult out,
        int first,
        int end,
        NDArray e,
        NDArray teacherE,
        PortableTile.Operands student,
        PortableTile.Operands teacher) {
      this.problem = problem;
      this.out = out;
      this.first = first;
      this.e = e;
      this.teacherE = teacherE;
      this.student = student;
      this.teacher = teacher;
      rows = end - first;
      kept = new boolean[rows];
      scales = new float[rows];
      for (int i = 0; i < rows; i++) {
        kept[i] = !problem.student().ignored(first + i);
        scales[i] = kept[i] ? problem.student().r()[first + i] : 0;
      }
      sums = new PortableSums(rows, problem.how());
    }

    void run() {
      eachTile(tile -> sums.addExponentials(tile.x, tile.y));
      sums.normalise();
      eachTile(tile -> sums.addTerms(new PortableEntries(tile.x, tile.y, sums)));
      for (int i = 0; i < rows; i++) {
        out.values()[first + i] = kept[i] ? sums.value(i) : 0;
      }
      HeadResult gradients = out.gradients();
      if (gradients.dE() != null || gradients.dC() != null || gradients.dB() != null) {
        NDArray mask = e.getManager().create(kept, new Shape(rows, 1)).broadcast(e.getShape());
        // ignored rows at 0, so that 0 x NaN does not reach dC
        NDArray finite = NDArrays.where(mask, e, e.getManager().zeros(e.getShape()));
        eachTile(pair -> pair.tile.deliver(gradient(pair), finite, first, out.gradients()));
      }
    }

    private interface Visitor {
      void visit(Pair tile);
    }

    private void eachTile(Visitor visitor) {
      long v = problem.student().options().classes();
      for (long begin = 0; begin < v; begin += TILE_COLUMNS) {
        try (PortableTile tile =
            new PortableTile(e, student, begin, Math.min(v, begin + TILE_COLUMNS))) {
          visitor.visit(pair(tile));
        }
      }
    }

    /** Logits of both sides, those of absent classes minus infinity. */
    private record Pair(PortableTile tile, NDArray x, NDArray y) {}

    private Pair pair(PortableTile tile) {
      NDArray x = tile.z;
      NDArray y = teacherLogits(tile);
      if (problem.how().withoutTarget()) {
        long[] targets = new long[rows];
        float[] infinite = new float[rows];
        for (int i = 0; i < rows; i++) {
          targets[i] = problem.student().targets()[first + i];
          infinite[i] = Float.POSITIVE_INFINITY;
        }
        x = tile.subtractAt(x, targets, infinite);
        y = tile.subtractAt(y, targets, infinite);
      }
      y = NDArrays.where(x.eq(Float.NEGATIVE_INFINITY), x, y);
      if (problem.restrictsStudent()) {
        x = NDArrays.where(y.eq(Float.NEGATIVE_INFINITY), y, x);
      }
      return new Pair(tile, x, y);
    }

    private NDArray teacherLogits(PortableTile tile) {
      long end = Math.min(tile.end, problem.teacher().classes());
      long missing = tile.end - Math.max(end, tile.begin);
      NDArray absent =
          tile.manager.full(new Shape(rows, missing), Float.NEGATIVE_INFINITY, DataType.FLOAT32);
      if (end <= tile.begin) {
        return absent;
      }
      PortableTile its = new PortableTile(teacherE, teacher, tile.begin, end);
      // closed with the student's tile
      NDArray y = its.z;
      y.attach(tile.manager);
      its.close();
      return missing == 0 ? y : y.concat(absent, 1);
    }

    /** Forms d value / d raw logit times the rows' scales; 0 on ignored rows. */
    private NDArray gradient(Pair pair) {
      NDArray g = new PortableEntries(pair.x, pair.y, sums).gradient();
      PortableTile tile = pair.tile;
      double cap = problem.student().options().softCap();
      if (cap > 0) {
        NDArray part = pair.x.div((float) cap);
        g = g.mul(part.mul(part).neg().add(1f));
      }
      float scale = (float) problem.student().options().logitScale();
      g = g.mul(tile.column(scales)).mul(scale);
      NDArray counts =
          tile.manager
              .create(kept, new Shape(rows, 1))
              .logicalAnd(pair.x.neq(Float.NEGATIVE_INFINITY));
      return NDArrays.where(counts, g, tile.manager.zeros(g.getShape()));
    }
  }
}
