package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.SphericalFunction;
import dev.headroom.head.SphericalFunction.Slope;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the errors of the spherical family against those of the plain computation, which forms the
 * outputs in float32: root mean square at most 1.1 times, largest at most twice as large.
 */
class SphericalErrorTest {

  static List<SphericalFunction> functions() {
    return List.of(
        new SphericalFunction.ZLoss(0.4, 3),
        new SphericalFunction.SphericalSoftmax(1e-3),
        new SphericalFunction.TaylorSoftmax(),
        new SphericalFunction.SquaredError());
  }

  /** Forms loss, dE and dC with the N x V outputs, all of them in one type. */
  private static double[][] plain(
      HeadProblem p, SphericalFunction function, NDManager manager, DataType type) {
    int n = p.n();
    long v = p.options().classes();
    NDArray e = p.e().toType(type, true);
    NDArray c = p.c().toType(type, true);
    NDArray o = e.matMul(c.transpose());
    NDArray mean = o.mean(new int[] {1}, true);
    NDArray centred = o.sub(mean);
    double[] mu = wide(mean);
    double[] spread = wide(centred.square().sum(new int[] {1}));
    double[] own = wide(centred.gather(manager.create(p.targets(), new Shape(n, 1)), 1));
    double[] loss = new double[n];
    double[][] u = new double[3][n];
    for (int i = 0; i < n; i++) {
      Slope slope = function.at(v, mu[i], spread[i], own[i]);
      loss[i] = slope.loss();
      u[0][i] = p.r()[i] * slope.ofMean() / v;
      u[1][i] = 2 * p.r()[i] * slope.ofSpread();
      u[2][i] = p.r()[i] * slope.ofTarget();
    }
    NDArray[] columns = new NDArray[3];
    for (int j = 0; j < 3; j++) {
      columns[j] = manager.create(u[j], new Shape(n, 1)).toType(type, false);
    }
    NDArray g = centred.mul(columns[1]).add(columns[0]);
    NDArray target = manager.create(p.targets()).oneHot((int) v).toType(type, false);
    g = g.add(target.mul(columns[2]));
    return new double[][] {loss, wide(g.matMul(c)), wide(g.transpose().matMul(e))};
  }

  private static double[] wide(NDArray array) {
    return array.toType(DataType.FLOAT64, true).toDoubleArray();
  }

  @ParameterizedTest
  @MethodSource("functions")
  void errsNoMoreThanThePlainComputation(SphericalFunction function) {
    for (int[] shape : new int[][] {{256, 64, 5000}, {512, 128, 3000}}) {
      try (NDManager manager = NDManager.newBaseManager()) {
        HeadOptions options = HeadOptions.of(shape[2], shape[1]).withThreads(2);
        HeadProblem p = Problems.random(manager, shape[0], options, 20261129, 0);
        // as of a mean: gradients of one sign add up to a large diagonal
        java.util.Arrays.fill(p.r(), 1f / shape[0]);
        double[][] truth = plain(p, function, manager, DataType.FLOAT64);
        double[][] plain = plain(p, function, manager, DataType.FLOAT32);
        for (SphericalKernels kernels : rungs(function)) {
          HeadResult result = kernels.forwardBackward(p, Wanted.all(p));
          double[] loss = wide(manager.create(result.nll()));
          double[][] ours = {loss, wide(result.dE()), wide(result.dC())};
          for (int part = 1; part < 3; part++) {
            String what = function + " " + kernels.backend() + (part == 1 ? " dE " : " dC ");
            double rms = rms(truth[part], plain[part]);
            double most = most(truth[part], plain[part]);
            double ourRms = rms(truth[part], ours[part]);
            double ourMost = most(truth[part], ours[part]);

            assertTrue(ourRms <= 1.1 * rms, what + "rms " + ourRms + " plain " + rms);
            assertTrue(ourMost <= 2 * most, what + "max " + ourMost + " plain " + most);
          }
        }
      }
    }
  }

  private static List<SphericalKernels> rungs(SphericalFunction function) {
    var portable = Backends.spherical(dev.headroom.head.Backend.PORTABLE, function);
    if (NativeCpuKernels.refusal() != null) {
      return List.of(portable);
    }
    var backend = dev.headroom.head.Backend.NATIVE_CPU;
    return List.of(
        portable,
        new SphericalKernels(backend, function, new NativeSpherical(Gemm.AUTO)),
        new SphericalKernels(backend, function, new NativeSpherical(Gemm.BLAS)));
  }

  private static double rms(double[] truth, double[] actual) {
    double squares = 0;
    for (int i = 0; i < truth.length; i++) {
      squares += (truth[i] - actual[i]) * (truth[i] - actual[i]);
    }
    return Math.sqrt(squares / truth.length);
  }

  private static double most(double[] truth, double[] actual) {
    double most = 0;
    for (int i = 0; i < truth.length; i++) {
      most = Math.max(most, Math.abs(truth[i] - actual[i]));
    }
    return most;
  }
}
