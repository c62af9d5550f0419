package dev.headroom.head.internal;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadOptions;
import java.util.Random;

/** Makes seeded problems for the tests of the kernels. */
final class Problems {

  private Problems() {}

  /**
   * A problem with random hidden states, classifier, targets and row scales; every `ignoreEvery`-th
   * row ignored.
   */
  static HeadProblem random(
      NDManager manager, int n, HeadOptions options, long seed, int ignoreEvery) {
    Random random = new Random(seed);
    int d = (int) options.width();
    int v = (int) options.classes();
    NDArray e = manager.create(gaussians(random, n * d, 1), new Shape(n, d));
    NDArray c = manager.create(gaussians(random, v * d, 0.5), new Shape(v, d));
    NDArray b = options.bias() ? manager.create(gaussians(random, v, 1), new Shape(v)) : null;
    long[] targets = new long[n];
    float[] r = new float[n];
    float[] rZ = new float[n];
    for (int i = 0; i < n; i++) {
      boolean ignored = ignoreEvery > 0 && i % ignoreEvery == ignoreEvery - 1;
      targets[i] = ignored ? options.ignoreIndex() : random.nextInt(v);
      r[i] = ignored ? 0 : (float) random.nextGaussian();
      rZ[i] = ignored ? 0 : (float) random.nextGaussian();
    }
    return new HeadProblem(e, c, b, targets, null, r, rZ, null, options);
  }

  static float[] gaussians(Random random, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }
}
