package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.headroom.head.Backend;
import dev.headroom.head.HeadOptions;

/**
 * Compares two heads in float64 with the loops of the formulas: what the other rungs are held
 * against.
 */
final class ReferenceDivergence implements DivergenceKernels {

  @Override
  public Backend backend() {
    return Backend.REFERENCE;
  }

  @Override
  public DivergenceResult run(DivergenceProblem problem, Wanted wanted) {
    return new Pass(problem).run(wanted);
  }

  /** A head, its arrays copied to the Java heap. */
  private record Side(float[] e, float[] c, float[] b, HeadOptions options) {
    static Side of(NDArray e, NDArray c, NDArray b, HeadOptions options) {
      return new Side(floats(e), floats(c), b == null ? null : b.toFloatArray(), options);
    }

    private static float[] floats(NDArray array) {
      if (array.getDataType() == DataType.FLOAT32) {
        return array.toFloatArray();
      }
      try (NDArray wide = array.toType(DataType.FLOAT32, true)) {
        return wide.toFloatArray();
      }
    }

    /** Returns a row's logits of classes below v, minus infinity for those that are not there. */
    double[] logits(int row, int v, int without) {
      int d = (int) options.width();
      double[] z = new double[v];
      for (int j = 0; j < v; j++) {
        if (j >= options.classes() || j == without) {
          z[j] = Double.NEGATIVE_INFINITY;
          continue;
        }
        double a = b == null ? 0 : b[j];
        for (int k = 0; k < d; k++) {
          a += (double) e[row * d + k] * c[j * d + k];
        }
        double s = options.logitScale() * a;
        double cap = options.softCap();
        z[j] = cap == 0 || Double.isInfinite(s) ? s : cap * Math.tanh(s / cap);
      }
      return z;
    }

    /** Returns d z / d a. */
    double slope(double z) {
      double part = options.softCap() == 0 ? 0 : z / options.softCap();
      return options.logitScale() * (1 - part * part);
    }
  }

  /** One call. */
  private static final class Pass {
    private final DivergenceProblem problem;
    private final Side student;
    private final Side teacher;
    private final int d;
    private final int v;
    private final float[] values;
    private final double[] dE;
    private final double[] dC;
    private final double[] dB;

    Pass(DivergenceProblem problem) {
      this.problem = problem;
      HeadProblem own = problem.student();
      student = Side.of(own.e(), own.c(), own.b(), own.options());
      teacher = Side.of(problem.e(), problem.c(), problem.b(), problem.teacher());
      d = Math.toIntExact(own.options().width());
      v = Math.toIntExact(own.options().classes());
      values = new float[own.n()];
      dE = new double[own.n() * d];
      dC = new double[Math.multiplyExact(v, d)];
      dB = new double[v];
    }

    DivergenceResult run(Wanted wanted) {
      for (int i = 0; i < values.length; i++) {
        if (!problem.student().ignored(i)) {
          row(i);
        }
      }
      NDManager manager = problem.student().e().getManager();
      return new DivergenceResult(
          values,
          new HeadResult(
              null,
              wanted.hidden()
                  ? ReferenceKernels.deliver(manager, dE, null, values.length, d)
                  : null,
              wanted.classifier()
                  ? ReferenceKernels.deliver(manager, dC, wanted.intoC(), v, d)
                  : null,
              wanted.bias() ? ReferenceKernels.deliver(manager, dB, wanted.intoB(), v) : null));
    }

    private void row(int i) {
      int without = problem.how().withoutTarget() ? (int) problem.student().targets()[i] : -1;
      double[] x = student.logits(i, v, without);
      double[] y = teacher.logits(i, v, without);
      ReferenceDivergenceRow row =
          new ReferenceDivergenceRow(x, y, problem.how(), problem.restrictsStudent());
      values[i] = (float) row.value;
      double[] g = row.gradient();
      for (int j = 0; j < v; j++) {
        double entry = g[j] == 0 ? 0 : problem.student().r()[i] * g[j] * student.slope(x[j]);
        dB[j] += entry;
        for (int k = 0; k < d; k++) {
          dE[i * d + k] += entry * student.c[j * d + k];
          dC[j * d + k] += entry * student.e[i * d + k];
        }
      }
    }
  }
}
