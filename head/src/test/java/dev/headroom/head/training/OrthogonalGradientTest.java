package dev.headroom.head.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OrthogonalGradientTest {
  private static final int SIZE = 40;
  private static final float RATE = 0.5f;

  private static Optimizer sgd() {
    return Optimizer.sgd().setLearningRateTracker(Tracker.fixed(RATE)).build();
  }

  private static float[] gaussians(long seed) {
    Random random = new Random(seed);
    float[] x = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private static double dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return sum;
  }

  /** What a step of plain descent has taken away, over the rate. */
  private static float[] taken(float[] w, float[] g, Optimizer optimizer) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray weight = manager.create(w, new Shape(5, w.length / 5));
      weight.setRequiresGradient(true);
      optimizer.update("w", weight, manager.create(g, weight.getShape()));
      float[] after = weight.toFloatArray();
      float[] taken = new float[w.length];
      for (int i = 0; i < w.length; i++) {
        taken[i] = (w[i] - after[i]) / RATE;
      }
      return taken;
    }
  }

  @Test
  void theStepIsAcrossTheWeightsAndAsLongAsTheGradient() {
    float[] w = gaussians(1);
    float[] g = gaussians(2);
    float[] step = taken(w, g, new OrthogonalGradient(sgd()));
    assertEquals(0, dot(w, step), 1e-4);
    assertEquals(dot(g, g), dot(step, step), 1e-4 * dot(g, g));
    float[] shorter = taken(w, g, new OrthogonalGradient(sgd(), false));
    double along = dot(w, g) / dot(w, w);
    for (int i = 0; i < SIZE; i++) {
      assertEquals(g[i] - along * w[i], shorter[i], 1e-5);
    }
  }

  @Test
  void zeroWeightsKeepTheirGradient() {
    float[] g = gaussians(3);
    assertArrayEquals(g, taken(new float[SIZE], g, new OrthogonalGradient(sgd())), 1e-6f);
  }
}
