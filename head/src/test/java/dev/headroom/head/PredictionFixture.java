package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.function.Executable;

/** A head with random weights and what it should predict, by the formula in float64. */
final class PredictionFixture implements AutoCloseable {
  static final int WIDTH = 8;
  static final float MASKED = Float.NEGATIVE_INFINITY;

  final NDManager model = NDManager.newBaseManager();
  final NDManager manager = NDManager.newBaseManager();

  static float[] noise(int count, long seed, double deviation) {
    Random random = new Random(seed);
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (deviation * random.nextGaussian());
    }
    return x;
  }

  VocabularyHead head(HeadOptions options, float[] bias) {
    VocabularyHead head = new VocabularyHead(options.withBias(bias != null));
    int classes = (int) options.classes();
    head.initialize(model, DataType.FLOAT32, new Shape(1, options.width()));
    set(head, "weight", noise(classes * (int) options.width(), 5, 0.5));
    if (bias != null) {
      set(head, "bias", bias);
    }
    return head;
  }

  VocabularyHead head(int classes, float[] bias) {
    return head(HeadOptions.of(classes, WIDTH), bias);
  }

  void set(VocabularyHead head, String name, float[] values) {
    NDArray array = head.getParameters().get(name).getArray();
    try (NDArray source = manager.create(values, array.getShape())) {
      source.copyTo(array);
    }
  }

  NDArray hidden(int rows, double deviation) {
    return manager.create(noise(rows * WIDTH, 9, deviation), new Shape(rows, WIDTH));
  }

  /** Returns {@code z = kappa tanh(alpha (<e,c> + b) / kappa)}, masked classes masked. */
  static double[][] logits(VocabularyHead head, NDArray hidden) {
    float[] e = hidden.toFloatArray();
    float[] c = head.weight().getArray().toFloatArray();
    int classes = (int) head.options().classes();
    int width = (int) head.options().width();
    float[] b =
        head.options().bias()
            ? head.getParameters().get("bias").getArray().toFloatArray()
            : new float[classes];
    double kappa = head.options().softCap();
    double[][] z = new double[e.length / width][classes];
    for (int i = 0; i < z.length; i++) {
      for (int v = 0; v < classes; v++) {
        double a = b[v];
        for (int k = 0; k < width; k++) {
          a += (double) e[i * width + k] * c[v * width + k];
        }
        double s = head.options().logitScale() * a;
        if (head.options().stableMax() && Double.isFinite(s)) {
          s = Math.signum(s) * Math.log1p(Math.abs(s));
        }
        z[i][v] = kappa == 0 || Double.isInfinite(s) ? s : kappa * Math.tanh(s / kappa);
      }
    }
    return z;
  }

  static double lse(double[] z, double temperature) {
    double max = Arrays.stream(z).max().orElseThrow();
    return max / temperature
        + Math.log(Arrays.stream(z).map(x -> Math.exp((x - max) / temperature)).sum());
  }

  static int[] ranked(double[] z) {
    return IntStream.range(0, z.length)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(v -> -z[v]).thenComparingInt(v -> v))
        .mapToInt(v -> v)
        .toArray();
  }

  static void refuses(String start, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  @Override
  public void close() {
    manager.close();
    model.close();
  }
}
