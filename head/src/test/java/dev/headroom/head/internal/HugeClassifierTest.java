package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Pointer;
import com.sun.management.OperatingSystemMXBean;
import dev.headroom.head.HeadOptions;
import java.lang.management.ManagementFactory;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * A classifier of more than 2^31 elements: offsets that a 32-bit integer does not hold. Runs only
 * with {@code -Dheadroom.test.huge=true}: it takes 10 GiB of free memory and some minutes, which a
 * build machine need not have.
 */
class HugeClassifierTest {
  private static final long V = (1L << 25) + 7;
  private static final int D = 64;
  private static final int N = 4;
  private static final long ROOM = 10L << 30;

  /** Element [v,k] of the classifier, or of the hidden states: in [-1,1), no period in v. */
  private static float element(long v, int k) {
    long x = (v * 64 + k + 1) * 0x9E3779B97F4A7C15L;
    x = (x ^ (x >>> 29)) * 0xBF58476D1CE4E5B9L;
    return ((x >>> 40) - (1 << 23)) * 0x1p-23f;
  }

  private static double logit(float[] e, int row, long v) {
    double z = 0;
    for (int k = 0; k < D; k++) {
      z += (double) e[row * D + k] * element(v, k);
    }
    return z;
  }

  private static long[] targets() {
    return new long[] {0, V - 1, 1L << 25, (1L << 24) + 3};
  }

  /** Log-sum-exp, and sum_v p_v c_v of some columns, over all classes in float64. */
  private static double[] statistics(float[] e, int row) {
    return LongStream.range(0, 64)
        .parallel()
        .mapToObj(
            part -> {
              double[] sums = new double[1 + D];
              for (long v = V * part / 64; v < V * (part + 1) / 64; v++) {
                double p = Math.exp(logit(e, row, v));
                sums[0] += p;
                for (int k = 0; k < D; k += 21) {
                  sums[1 + k] += p * element(v, k);
                }
              }
              return sums;
            })
        .reduce(
            new double[1 + D],
            (a, b) -> IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray());
  }

  @Test
  void readsEveryClassBeyondTwoToThe31Elements() {
    assumeTrue(Boolean.getBoolean("headroom.test.huge"), "skipped: -Dheadroom.test.huge=true");
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    assumeTrue(system.getFreeMemorySize() > ROOM, "skipped: less than 10 GiB of free memory");
    HeadKernels kernels = new NativeCpuKernels();
    try (NDManager manager = NDManager.newBaseManager()) {
      float[] e = new float[N * D];
      for (int i = 0; i < e.length; i++) {
        e[i] = element(V + i, 0) / 2;
      }
      NDArray c = manager.create(new Shape(V, D), DataType.FLOAT32);
      Pointer memory = TorchTensors.data(c);
      LongStream.range(0, V)
          .parallel()
          .forEach(
              v -> {
                for (int k = 0; k < D; k++) {
                  memory.setFloat((v * D + k) * 4, element(v, k));
                }
              });
      HeadProblem problem =
          new HeadProblem(
              manager.create(e, new Shape(N, D)),
              c,
              null,
              targets(),
              null,
              new float[] {1, 1, 1, 1},
              new float[N],
              null,
              HeadOptions.of(V, D));
      HeadResult result =
          kernels.forwardBackward(problem, new Wanted(true, false, false, null, null));
      float[] dE = result.dE().toFloatArray();
      for (int row = 0; row < N; row++) {
        double[] sums = statistics(e, row);
        long target = targets()[row];
        assertEquals(Math.log(sums[0]), result.lse()[row], 1e-4, "lse of row " + row);
        double nll = Math.log(sums[0]) - logit(e, row, target);
        assertEquals(nll, result.nll()[row], 1e-4, "nll of row " + row);
        for (int k = 0; k < D; k += 21) {
          double expected = sums[1 + k] / sums[0] - element(target, k);
          assertEquals(expected, dE[row * D + k], 1e-5, "dE of row " + row + ", " + k);
        }
      }
    }
  }
}
