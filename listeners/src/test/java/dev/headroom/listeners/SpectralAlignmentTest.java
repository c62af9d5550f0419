package dev.headroom.listeners;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpectralAlignmentTest {
  private static final int D = 8;
  private static final int OUT = 12;

  /** 3 a b^T + a little noise: b/|b| is the right singular vector of the largest singular value. */
  private static float[] weight(float[] b) {
    Random random = new Random(5);
    float[] w = new float[OUT * D];
    for (int i = 0; i < OUT; i++) {
      float a = (float) random.nextGaussian();
      for (int j = 0; j < D; j++) {
        w[i * D + j] = 3 * a * b[j] + 0.01f * (float) random.nextGaussian();
      }
    }
    return w;
  }

  private static float[] rows(int n, float[] b, double shareOnOneSide) {
    Random random = new Random(6);
    float[] x = new float[n * D];
    for (int i = 0; i < n; i++) {
      float side = i < shareOnOneSide * n ? 2 : -2;
      for (int j = 0; j < D; j++) {
        x[i * D + j] = side * b[j] + 0.05f * (float) random.nextGaussian();
      }
    }
    return x;
  }

  private static SpectralAlignment.Reading read(double share) {
    float[] b = {1, -1, 0.5f, 2, 0, 0.3f, -0.7f, 1};
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray w = manager.create(weight(b), new Shape(OUT, D));
      NDArray x = manager.create(rows(200, b, share), new Shape(10, 20, D));
      SpectralAlignment alignment = new SpectralAlignment(1);
      alignment.observe("up", x, w);
      return alignment.readings().get(0);
    }
  }

  @Test
  void countsTheSidesOfTheStrongestDirection() {
    assertEquals(1, read(0.5).signDiversity(), 1e-6);
    assertEquals(0.5, read(0.25).signDiversity(), 1e-6);
    assertEquals(0.02, read(0.01).signDiversity(), 1e-6);
    assertEquals(0, read(1).signDiversity());
    assertEquals("sign_diversity.up", read(1).column());
  }

  @Test
  void knowsTheSingularValueAndHowFarInputsAreAligned() {
    SpectralAlignment.Reading reading = read(0.5);
    assertTrue(reading.alignment() > 0.99, "alignment " + reading.alignment());
    float[] b = {1, -1, 0.5f, 2, 0, 0.3f, -0.7f, 1};
    float[] w = weight(b);
    double[] v = new double[D];
    java.util.Arrays.fill(v, 1);
    double norm = 0;
    for (int k = 0; k < 200; k++) {
      double[] u = new double[OUT];
      double[] next = new double[D];
      double size = 0;
      for (double one : v) {
        size += one * one;
      }
      norm = 0;
      for (int i = 0; i < OUT; i++) {
        for (int j = 0; j < D; j++) {
          u[i] += w[i * D + j] * v[j] / Math.sqrt(size);
        }
        norm += u[i] * u[i];
        for (int j = 0; j < D; j++) {
          next[j] += w[i * D + j] * u[i];
        }
      }
      v = next;
    }
    assertEquals(Math.sqrt(norm), reading.norm(), 1e-4 * reading.norm());
  }

  @Test
  void measuresEverySoManyBatchesAndKeepsNoArray() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray w = manager.randomNormal(new Shape(OUT, D));
      NDArray x = manager.randomNormal(new Shape(5, D));
      int before = manager.getManagedArrays().size();
      SpectralAlignment alignment = new SpectralAlignment(3);
      for (int i = 0; i < 7; i++) {
        alignment.observe("a", x, w);
      }
      assertEquals(3, alignment.readings().size());
      assertEquals(0, alignment.readings().size());
      assertEquals(before, manager.getManagedArrays().size());
    }
  }

  @Test
  void saysThatAnInputIsNotFinite() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray w = manager.randomNormal(new Shape(OUT, D));
      float[] x = new float[D];
      x[3] = Float.NaN;
      SpectralAlignment alignment = new SpectralAlignment(1);
      alignment.observe("a", manager.create(x, new Shape(1, D)), w);
      assertTrue(Float.isNaN(alignment.readings().get(0).signDiversity()));
    }
  }

  @Test
  void refusesInputsOfAnotherWidth() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray w = manager.randomNormal(new Shape(OUT, D));
      NDArray x = manager.randomNormal(new Shape(5, D + 1));
      SpectralAlignment alignment = new SpectralAlignment(1);
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> alignment.observe("a", x, w));
      assertTrue(refused.getMessage().contains("[..,D]"), refused.getMessage());
    }
  }
}
