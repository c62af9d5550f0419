package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;

/**
 * Computes the head with DJL operations on tiles of logits: any device that DJL runs on, no native
 * code of our own.
 *
 * <p>Rows go in chunks whose tile of logits fits a quarter of the workspace (a tile has four
 * temporaries); logits are recomputed for the gradients. Extra memory: the workspace.
 */
public final class PortableKernels implements HeadKernels {
  private static final long TILE_COLUMNS = 4096;

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
    return new Pass(problem, null, null).run();
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return new Pass(problem, null, wanted).run();
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return new Pass(problem, forward.lse(), wanted).run();
  }

  /** One call. */
  private static final class Pass {
    private final HeadProblem problem;
    private final Wanted wanted;
    private final long tileColumns;
    private final int chunkRows;
    private final float[] nll;
    private final float[] lse;
    private final boolean lseGiven;
    private HeadResult out;

    Pass(HeadProblem problem, float[] givenLse, Wanted wanted) {
      if (problem.options().compute() == ComputeType.BFLOAT16) {
        throw new IllegalArgumentException(
            "compute: BFLOAT16 (expected: FLOAT32 on the PORTABLE backend, DJL has no bfloat16)");
      }
      this.problem = problem;
      this.wanted = wanted;
      tileColumns = Math.min(TILE_COLUMNS, problem.options().classes());
      long rows = problem.options().workspaceBytes() / (4 * 4 * tileColumns);
      chunkRows = (int) Math.max(1, Math.min(rows, Math.max(1, problem.n())));
      nll = new float[problem.n()];
      lseGiven = givenLse != null;
      lse = lseGiven ? givenLse : new float[problem.n()];
    }

    HeadResult run() {
      NDManager manager = problem.e().getManager();
      try (NDManager scratch = manager.newSubManager();
          NDArray e = own(problem.e().stopGradient(), scratch);
          NDArray c = own(problem.c().stopGradient(), scratch)) {
        out = wanted == null ? new HeadResult(rows(), null, null, null) : outputs(manager);
        for (int first = 0; first < problem.n(); first += chunkRows) {
          int end = Math.min(problem.n(), first + chunkRows);
          try (NDManager chunk = scratch.newSubManager()) {
            new Chunk(chunk, own(e.get(new NDIndex("{}:{}", first, end)), chunk), c, first).run();
          }
        }
      }
      return out;
    }

    private HeadResult.Rows rows() {
      return new HeadResult.Rows(nll, lse, null, null, null, null, null);
    }

    private HeadResult outputs(NDManager manager) {
      long d = problem.options().width();
      long v = problem.options().classes();
      NDArray dE = wanted.hidden() ? manager.zeros(new Shape(problem.n(), d)) : null;
      NDArray dC = wanted.classifier() ? into(manager, wanted.intoC(), v, d) : null;
      NDArray dB = wanted.bias() ? into(manager, wanted.intoB(), v) : null;
      return new HeadResult(rows(), dE, dC, dB);
    }

    private static NDArray into(NDManager manager, NDArray given, long... shape) {
      return given != null ? given : manager.zeros(new Shape(shape));
    }

    private static NDArray own(NDArray array, NDManager manager) {
      // a result belongs to its first operand's manager, which may outlive the call by far
      array.attach(manager);
      return array;
    }

    /** The rows of one chunk. */
    private final class Chunk {
      private final NDManager manager;
      private final NDArray e;
      private final NDArray c;
      private final int first;
      private final int rows;

      Chunk(NDManager manager, NDArray e, NDArray c, int first) {
        this.manager = manager;
        this.e = e;
        this.c = c;
        this.first = first;
        this.rows = (int) e.getShape().get(0);
      }

      void run() {
        if (!lseGiven) {
          statistics();
        }
        if (wanted != null) {
          for (long begin = 0; begin < problem.options().classes(); begin += tileColumns) {
            try (NDManager tile = manager.newSubManager()) {
              gradients(tile, begin, Math.min(problem.options().classes(), begin + tileColumns));
            }
          }
        }
      }

      private NDArray logits(NDManager tile, NDArray cTile, long begin, long end) {
        NDArray transposed = cTile.transpose();
        NDArray hidden = e.duplicate();
        hidden.attach(tile);
        NDArray z = hidden.matMul(transposed);
        if (problem.b() == null) {
          return z;
        }
        try (NDArray bias = problem.b().stopGradient()) {
          return z.add(own(bias.get(new NDIndex("{}:{}", begin, end)), tile));
        }
      }

      /** The running log-sum-exp in float64 on the heap: one maximum and one sum a row and tile. */
      private void statistics() {
        double[] max = new double[rows];
        double[] sum = new double[rows];
        double[] target = new double[rows];
        java.util.Arrays.fill(max, Double.NEGATIVE_INFINITY);
        for (long begin = 0; begin < problem.options().classes(); begin += tileColumns) {
          long end = Math.min(problem.options().classes(), begin + tileColumns);
          try (NDManager tile = manager.newSubManager()) {
            NDArray z =
                logits(tile, own(c.get(new NDIndex("{}:{}", begin, end)), tile), begin, end);
            merge(z, max, sum);
            pickTargets(z, begin, end, target);
          }
        }
        for (int i = 0; i < rows; i++) {
          if (!problem.ignored(first + i)) {
            double rowLse = max[i] + Math.log(sum[i]);
            lse[first + i] = (float) rowLse;
            nll[first + i] = (float) (rowLse - target[i]);
          }
        }
      }

      private void merge(NDArray z, double[] max, double[] sum) {
        NDArray top = z.max(new int[] {1}, true);
        // a tile that is -inf throughout has no classes: its origin is 0, not -inf
        NDArray origin = top.maximum(-Float.MAX_VALUE);
        float[] tileSum = z.sub(origin).exp().sum(new int[] {1}).toFloatArray();
        float[] tileMax = origin.toFloatArray();
        for (int i = 0; i < rows; i++) {
          double larger = Math.max(max[i], tileMax[i]);
          sum[i] = sum[i] * Math.exp(max[i] - larger) + tileSum[i] * Math.exp(tileMax[i] - larger);
          max[i] = larger;
        }
      }

      private void pickTargets(NDArray z, long begin, long end, double[] target) {
        for (int i = 0; i < rows; i++) {
          long t = problem.targets()[first + i];
          if (t >= begin && t < end) {
            target[i] = z.getFloat(i, t - begin);
          }
        }
      }

      private void gradients(NDManager tile, long begin, long end) {
        NDArray cTile = own(c.get(new NDIndex("{}:{}", begin, end)), tile);
        NDArray g = logits(tile, cTile, begin, end);
        float[] a = new float[rows];
        float[] rowLse = new float[rows];
        for (int i = 0; i < rows; i++) {
          double r = problem.r()[first + i];
          rowLse[i] = lse[first + i];
          a[i] = (float) (r + 2 * problem.options().zLoss() * rowLse[i] * problem.rZ()[first + i]);
        }
        g =
            g.sub(tile.create(rowLse, new Shape(rows, 1)))
                .exp()
                .mul(tile.create(a, new Shape(rows, 1)));
        for (int i = 0; i < rows; i++) {
          long t = problem.targets()[first + i];
          if (t >= begin && t < end) {
            g.set(
                new NDIndex("{}, {}", i, t - begin),
                g.getFloat(i, t - begin) - problem.r()[first + i]);
          }
        }
        g = dropIgnored(tile, g);
        deliver(tile, g, cTile, begin, end);
      }

      /** Ignored rows give exactly 0, even where their hidden states hold NaN. */
      private NDArray dropIgnored(NDManager tile, NDArray g) {
        boolean[] kept = new boolean[rows];
        for (int i = 0; i < rows; i++) {
          kept[i] = !problem.ignored(first + i);
        }
        NDArray zeros = tile.zeros(g.getShape(), DataType.FLOAT32);
        NDArray mask = tile.create(kept, new Shape(rows, 1)).broadcast(g.getShape());
        return ai.djl.ndarray.NDArrays.where(mask, g, zeros);
      }

      private void deliver(NDManager tile, NDArray g, NDArray cTile, long begin, long end) {
        if (out.dE() != null) {
          own(out.dE().get(new NDIndex("{}:{}", first, first + rows)), tile).addi(g.matMul(cTile));
        }
        if (out.dC() != null) {
          own(out.dC().get(new NDIndex("{}:{}", begin, end)), tile)
              .addi(g.transpose().matMul(finite(tile)));
        }
        if (out.dB() != null) {
          own(out.dB().get(new NDIndex("{}:{}", begin, end)), tile).addi(g.sum(new int[] {0}));
        }
      }

      /** The hidden states with ignored rows at 0, so that 0 x NaN does not reach dC. */
      private NDArray finite(NDManager tile) {
        NDArray hidden = e.duplicate();
        hidden.attach(tile);
        return dropIgnored(tile, hidden);
      }
    }
  }
}
