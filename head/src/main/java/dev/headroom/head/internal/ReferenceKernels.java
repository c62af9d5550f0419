package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.nio.FloatBuffer;

/**
 * Computes the head in float64 with the loops of the formula: the truth that the other rungs are
 * held against.
 *
 * <p>{@link #backward} forms the statistics again and uses those it is given for nothing.
 */
public final class ReferenceKernels implements HeadKernels {

  @Override
  public Backend backend() {
    return Backend.REFERENCE;
  }

  @Override
  public Engine engine(HeadOptions options, long n) {
    return Engine.KEPT;
  }

  @Override
  public HeadResult forward(HeadProblem problem) {
    return new Pass(problem).run(null, false);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return new Pass(problem).run(wanted, true);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    HeadResult result = new Pass(problem).run(wanted, false);
    return new HeadResult(forward, result.dE(), result.dC(), result.dB());
  }

  @Override
  public void logits(HeadProblem problem, long begin, long end, FloatBuffer into) {
    Pass pass = new Pass(problem);
    int at = 0;
    for (int i = 0; i < problem.n(); i++) {
      double[] z = new ReferenceRow(problem, pass.classes, i, pass.logits(i)).z;
      for (int v = (int) begin; v < end; v++) {
        into.put(at++, (float) z[v]);
      }
    }
  }

  /** One call, its arrays copied to the Java heap. */
  private static final class Pass {
    private final HeadProblem problem;
    private final Classes classes;
    private final int d;
    private final int v;
    private final float[] e;
    private final float[] c;
    private final float[] b;
    private final HeadResult.Rows rows;
    private final double[] dE;
    private final double[] dC;
    private final double[] dB;

    Pass(HeadProblem problem) {
      this.problem = problem;
      classes = Classes.of(problem);
      d = Math.toIntExact(problem.options().width());
      v = Math.toIntExact(problem.options().classes());
      e = floats(problem.e());
      c = floats(problem.c());
      b = problem.b() == null ? new float[v] : problem.b().toFloatArray();
      rows = HeadResult.Rows.empty(problem);
      dE = new double[problem.n() * d];
      dC = new double[Math.multiplyExact(v, d)];
      dB = new double[v];
    }

    HeadResult run(Wanted wanted, boolean between) {
      for (int i = 0; i < problem.n(); i++) {
        if (problem.ignored(i)) {
          continue;
        }
        ReferenceRow row = new ReferenceRow(problem, classes, i, logits(i));
        write(i, row);
        if (wanted != null) {
          if (between) {
            problem.formBetween(rows, i, i + 1);
          }
          addGradients(i, row.gradient(rows));
        }
      }
      if (wanted == null) {
        return new HeadResult(rows, null, null, null);
      }
      NDManager manager = problem.e().getManager();
      return new HeadResult(
          rows,
          wanted.hidden() ? deliver(manager, dE, null, problem.n(), d) : null,
          wanted.classifier() ? deliver(manager, dC, wanted.intoC(), v, d) : null,
          wanted.bias() ? deliver(manager, dB, wanted.intoB(), v) : null);
    }

    private double[] logits(int row) {
      double[] a = new double[v];
      for (int j = 0; j < v; j++) {
        double sum = b[j];
        for (int k = 0; k < d; k++) {
          sum += (double) e[row * d + k] * c[j * d + k];
        }
        a[j] = sum;
      }
      return a;
    }

    private void write(int i, ReferenceRow row) {
      rows.nll()[i] = (float) row.nll;
      rows.lse()[i] = (float) row.lse;
      if (rows.smooth() != null) {
        rows.smooth()[i] = (float) row.smooth;
      }
      if (rows.soft() != null) {
        rows.soft()[i] = (float) row.soft;
      }
      if (rows.entropy() != null) {
        rows.entropy()[i] = (float) row.entropy;
      }
      if (rows.squares() != null) {
        rows.squares()[i] = (float) row.squares;
        rows.variance()[i] = (float) row.variance;
      }
      if (rows.topIds() != null) {
        row.top(rows.topIds(), rows.topLogits());
      }
      row.list(rows);
    }

    private void addGradients(int row, double[] g) {
      for (int j = 0; j < v; j++) {
        dB[j] += g[j];
        for (int k = 0; k < d; k++) {
          dE[row * d + k] += g[j] * c[j * d + k];
          dC[j * d + k] += g[j] * e[row * d + k];
        }
      }
    }
  }

  static float[] floats(NDArray array) {
    if (array.getDataType() == DataType.FLOAT32) {
      return array.toFloatArray();
    }
    try (NDArray wide = array.toType(DataType.FLOAT32, true)) {
      return wide.toFloatArray();
    }
  }

  static NDArray deliver(NDManager manager, double[] values, NDArray into, long... shape) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = (float) values[i];
    }
    NDArray fresh = manager.create(rounded, new Shape(shape));
    if (into == null) {
      return fresh;
    }
    into.addi(fresh);
    fresh.close();
    return into;
  }
}
