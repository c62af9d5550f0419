package dev.headroom.cli;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.HeadException;
import dev.headroom.head.HeadLoss;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.Backends;
import dev.headroom.head.internal.NativeCpuKernels;
import dev.headroom.head.internal.NativeLibrary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/** Examines engine, backend and native library, and lets the head compute a loss known here. */
final class HeadDoctor implements HeadExamination {

  private static final int ROWS = 64;
  private static final int WIDTH = 16;
  private static final int CLASSES = 1000;
  private static final long SEED = 11;

  @Override
  public void examine(Diagnosis diagnosis) {
    try {
      Engine engine = Engine.getInstance();
      diagnosis.good(
          "engine",
          "DJL "
              + Engine.getDjlVersion()
              + ", "
              + engine.getEngineName()
              + " "
              + engine.getVersion());
    } catch (RuntimeException | LinkageError e) {
      diagnosis.bad("engine", "does not start: " + e.getMessage());
      return;
    }
    library(diagnosis);
    backend(diagnosis);
  }

  private static void library(Diagnosis diagnosis) {
    NativeLibrary library = NativeLibrary.load();
    diagnosis.good(
        "native",
        library == null
            ? "absent: " + NativeLibrary.refusal()
            : "libheadroom " + library.headroom_version() + ", " + library.headroom_cpu_isa());
  }

  private static void backend(Diagnosis diagnosis) {
    try {
      Backends backends = Backends.chosen();
      diagnosis.good("backend", name(backends.kernels().backend()));
      if (backends.kernels() instanceof NativeCpuKernels kernels) {
        diagnosis.good("products", products(kernels));
        diagnosis.good("tile", tile(kernels));
      }
      for (Map.Entry<Backend, String> refused : backends.refusals().entrySet()) {
        diagnosis.good("not " + name(refused.getKey()), refused.getValue());
      }
      double error = selfTest();
      String text = "loss of " + ROWS + " x " + CLASSES + " off by " + Figures.of(error, 2);
      if (error < 1e-5) {
        diagnosis.good("selfTest", text);
      } else {
        diagnosis.bad("selfTest", text + " (expected: below 1e-5)");
      }
    } catch (RuntimeException | LinkageError e) {
      diagnosis.bad("backend", String.valueOf(e.getMessage()));
    }
  }

  /** Names who forms the matrix products of each compute type. */
  private static String products(NativeCpuKernels kernels) {
    List<String> parts = new ArrayList<>();
    for (ComputeType compute : ComputeType.values()) {
      String type = compute.name().toLowerCase(Locale.ROOT);
      try {
        parts.add(type + " " + kernels.gemm(compute).name().toLowerCase(Locale.ROOT));
      } catch (HeadException e) {
        parts.add(type + " none");
      }
    }
    return String.join(", ", parts);
  }

  /** Names the tile of float32, on which the last bits depend, and the caches it was cut to. */
  private static String tile(NativeCpuKernels kernels) {
    NativeCpuKernels.Tile tile = kernels.tile(HeadOptions.of(1L << 20, WIDTH));
    return tile.blockRows()
        + " x "
        + tile.columns()
        + ", caches L2 "
        + cache(tile.secondCacheBytes())
        + ", L3 "
        + cache(tile.thirdCacheBytes());
  }

  private static String cache(long bytes) {
    return bytes == 0 ? "not told" : (bytes >> 10) + " KiB";
  }

  private static String name(Backend backend) {
    return backend.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the relative difference of the head's mean loss from one computed here in double. */
  private static double selfTest() {
    Random random = new Random(SEED);
    float[] hidden = gaussians(random, ROWS * WIDTH);
    float[] weight = gaussians(random, CLASSES * WIDTH);
    long[] targets = random.longs(ROWS, 0, CLASSES).toArray();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray e = manager.create(hidden, new Shape(ROWS, WIDTH));
      NDArray c = manager.create(weight, new Shape(CLASSES, WIDTH));
      HeadLoss loss = new HeadLoss(HeadOptions.of(CLASSES, WIDTH));
      float got = loss.evaluate(new NDList(manager.create(targets)), new NDList(e, c)).getFloat();
      double truth = meanLoss(hidden, weight, targets);
      return Math.abs(got - truth) / truth;
    }
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double meanLoss(float[] hidden, float[] weight, long[] targets) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      double[] logits = new double[CLASSES];
      double most = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < CLASSES; j++) {
        for (int k = 0; k < WIDTH; k++) {
          logits[j] += (double) hidden[i * WIDTH + k] * weight[j * WIDTH + k];
        }
        most = Math.max(most, logits[j]);
      }
      double total = 0;
      for (double logit : logits) {
        total += Math.exp(logit - most);
      }
      sum += most + Math.log(total) - logits[(int) targets[i]];
    }
    return sum / ROWS;
  }
}
