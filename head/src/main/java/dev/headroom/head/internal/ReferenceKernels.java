package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;

/**
 * Computes the head in float64 with the loops of the formula: the truth that the other rungs are
 * held against.
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
    return new Pass(problem, null).run(null);
  }

  @Override
  public HeadResult forwardBackward(HeadProblem problem, Wanted wanted) {
    return new Pass(problem, null).run(wanted);
  }

  @Override
  public HeadResult backward(HeadProblem problem, HeadResult.Rows forward, Wanted wanted) {
    return new Pass(problem, forward.lse()).run(wanted);
  }

  /** One call, its arrays copied to the Java heap. */
  private static final class Pass {
    private final HeadProblem problem;
    private final int d;
    private final int v;
    private final float[] e;
    private final float[] c;
    private final float[] b;
    private final float[] givenLse;
    private final double[] dE;
    private final double[] dC;
    private final double[] dB;

    Pass(HeadProblem problem, float[] givenLse) {
      this.problem = problem;
      this.givenLse = givenLse;
      d = Math.toIntExact(problem.options().width());
      v = Math.toIntExact(problem.options().classes());
      e = problem.e().toFloatArray();
      c = problem.c().toFloatArray();
      b = problem.b() == null ? new float[v] : problem.b().toFloatArray();
      dE = new double[problem.n() * d];
      dC = new double[Math.multiplyExact(v, d)];
      dB = new double[v];
    }

    HeadResult run(Wanted wanted) {
      float[] nll = new float[problem.n()];
      float[] lse = new float[problem.n()];
      for (int i = 0; i < problem.n(); i++) {
        if (problem.ignored(i)) {
          continue;
        }
        double[] z = logits(i);
        double rowLse = givenLse == null ? logSumExp(z) : givenLse[i];
        lse[i] = (float) rowLse;
        nll[i] = (float) (rowLse - z[(int) problem.targets()[i]]);
        if (wanted != null) {
          addGradients(i, z, rowLse);
        }
      }
      HeadResult.Rows rows = new HeadResult.Rows(nll, lse, null, null, null, null, null);
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
      double[] z = new double[v];
      for (int j = 0; j < v; j++) {
        double sum = b[j];
        for (int k = 0; k < d; k++) {
          sum += (double) e[row * d + k] * c[j * d + k];
        }
        z[j] = sum;
      }
      return z;
    }

    private static double logSumExp(double[] z) {
      double max = Double.NEGATIVE_INFINITY;
      for (double logit : z) {
        max = Math.max(max, logit);
      }
      double sum = 0;
      for (double logit : z) {
        sum += max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(logit - max);
      }
      return max + Math.log(sum);
    }

    private void addGradients(int row, double[] z, double lse) {
      double r = problem.r()[row];
      double a = r + 2 * problem.options().zLoss() * lse * problem.rZ()[row];
      for (int j = 0; j < v; j++) {
        double g = Math.exp(z[j] - lse) * a - (j == problem.targets()[row] ? r : 0);
        dB[j] += g;
        for (int k = 0; k < d; k++) {
          dE[row * d + k] += g * c[j * d + k];
          dC[j * d + k] += g * e[row * d + k];
        }
      }
    }

    private static NDArray deliver(
        NDManager manager, double[] values, NDArray into, long... shape) {
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
}
