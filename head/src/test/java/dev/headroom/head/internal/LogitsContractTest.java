package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import dev.headroom.head.Engine;
import dev.headroom.head.HeadOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the logits of every rung against the reference. */
class LogitsContractTest {
  static Stream<Rung> rungs() {
    return Rung.all().stream().filter(rung -> rung.engine() != Engine.KEPT);
  }

  private static float[] noise(int count, long seed) {
    Random random = new Random(seed);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static float[] logits(HeadKernels kernels, HeadProblem problem, long begin, long end) {
    int count = (int) (problem.n() * (end - begin));
    try (Memory memory = new Memory(4L * count + 8)) {
      memory.setFloat(4L * count, 7);
      kernels.logits(problem, begin, end, memory.getByteBuffer(0, 4L * count).asFloatBuffer());
      assertEquals(7, memory.getFloat(4L * count), "written beyond the end");
      return memory.getFloatArray(0, count);
    }
  }

  private static HeadProblem problem(NDManager manager, int n, HeadOptions options, boolean half) {
    int v = (int) options.classes();
    int d = (int) options.width();
    float[] bias = noise(v, 3);
    bias[v / 2] = Float.NEGATIVE_INFINITY;
    NDArray e = manager.create(noise(n * d, 1), new Shape(n, d));
    NDArray c = manager.create(noise(v * d, 2), new Shape(v, d));
    return LogitTiles.problem(
        half ? e.toType(DataType.FLOAT16, true) : e,
        half ? c.toType(DataType.FLOAT16, true) : c,
        options.bias() ? manager.create(bias) : null,
        options);
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void formsTheLogitsOfARangeOfClasses(Rung rung) {
    HeadKernels kernels = rung.kernels();
    for (HeadOptions plain :
        List.of(HeadOptions.of(1, 1), HeadOptions.of(5, 3), HeadOptions.of(1500, 40))) {
      for (HeadOptions asked :
          List.of(
              plain,
              plain.withBias(true).withTopK(1),
              plain.withBias(true).withLogitScale(0.3).withSoftCap(2))) {
        HeadOptions options = rung.apply(asked);
        for (boolean half : new boolean[] {false, true}) {
          compare(rung, kernels, options, half);
        }
      }
    }
  }

  private static void compare(Rung rung, HeadKernels kernels, HeadOptions options, boolean half) {
    try (NDManager manager = NDManager.newBaseManager()) {
      HeadProblem problem = problem(manager, 33, options, half);
      long end = options.classes();
      for (long begin : new long[] {0, end / 3}) {
        float[] expected = logits(new ReferenceKernels(), problem, begin, end);
        float[] actual = logits(kernels, problem, begin, end);
        rung.loss().check(rung + " " + options + " " + half, expected, actual, 20);
      }
    }
  }

  @Test
  void giveARowTheSameBitsWhateverItsNeighbours() {
    for (Rung rung : rungs().filter(Rung::isNative).toList()) {
      HeadKernels kernels = rung.kernels();
      HeadOptions options = rung.apply(HeadOptions.of(1000, 37));
      try (NDManager manager = NDManager.newBaseManager()) {
        HeadProblem all = problem(manager, 70, options, false);
        HeadProblem few = LogitTiles.problem(all.e().get("5:8"), all.c(), null, options);
        float[] some = logits(kernels, few, 200, 900);
        float[] whole = logits(kernels, all, 200, 900);
        assertArrayEquals(some, Arrays.copyOfRange(whole, 5 * 700, 8 * 700), "" + rung);
      }
    }
  }
}
