package dev.headroom.head.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdaptiveNormTest {
  private static final int SIZE = 30;
  private static final AdaptiveNorm CLIPPING = new AdaptiveNorm(1.1, 0.9, 4);

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static AdamW adamw(AdaptiveNorm clipping) {
    return AdamW.builder(step -> 0.01).adaptiveNorm(clipping).build();
  }

  /** A gradient for a step, twenty times larger at steps 2 and 7. */
  private static float[] gradient(int step) {
    Random random = new Random(100 + step);
    float[] g = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      g[i] = (float) random.nextGaussian() * (step % 5 == 2 ? 20 : 1);
    }
    return g;
  }

  private static double norm(float[] g) {
    double sum = 0;
    for (float x : g) {
      sum += (double) x * x;
    }
    return Math.sqrt(sum);
  }

  private float[] update(AdamW adamw, String id, NDArray weight, float[] g) {
    try (NDArray grad = manager.create(g, weight.getShape())) {
      adamw.update(id, weight, grad);
    }
    return weight.toFloatArray();
  }

  @Test
  void clipsAsThePaperSays() {
    NDArray clipped = manager.ones(new Shape(SIZE));
    NDArray scaled = manager.ones(new Shape(SIZE));
    AdamW adaptive = adamw(CLIPPING);
    AdamW plain = adamw(null);
    double remembered = Double.POSITIVE_INFINITY;
    boolean clippedOnce = false;
    for (int step = 1; step <= 10; step++) {
      float[] g = gradient(step);
      double global = step == 2 ? 0.25 : 0.5;
      double h = step <= 4 ? global : Math.min(1, 1.1 * remembered / norm(g));
      remembered =
          step <= 4
              ? Math.min(remembered, h * norm(g))
              : 0.9 * remembered + (1 - 0.9) * h * norm(g);
      clippedOnce |= step > 4 && h < 0.1;
      adaptive.scale(global);
      plain.scale(h);
      float[] expected = update(plain, "w", scaled, g);
      assertArrayEquals(expected, update(adaptive, "w", clipped, g), 2e-6f, "step " + step);
    }
    assertTrue(clippedOnce, "a spike was clipped");
  }

  @Test
  void clipsEachParameterByItsOwnHistory() {
    NDArray small = manager.zeros(new Shape(SIZE));
    NDArray large = manager.zeros(new Shape(SIZE));
    NDArray alone = manager.zeros(new Shape(SIZE));
    AdamW adamw = adamw(CLIPPING);
    AdamW other = adamw(CLIPPING);
    for (int step = 1; step <= 8; step++) {
      float[] g = gradient(1);
      float[] hundredfold = g.clone();
      for (int i = 0; i < SIZE; i++) {
        hundredfold[i] *= step == 6 ? 1e6f : 100;
      }
      update(adamw, "large", large, hundredfold);
      assertArrayEquals(update(other, "w", alone, g), update(adamw, "small", small, g));
    }
  }

  @Test
  void doesNotStayAtZeroAfterAGradientOfZero() {
    NDArray weight = manager.zeros(new Shape(SIZE));
    AdamW adamw = adamw(CLIPPING);
    float[] before = new float[0];
    for (int step = 1; step <= 12; step++) {
      before = weight.toFloatArray();
      // an expert that nothing reaches in the warm-up, nor at step 9
      update(adamw, "w", weight, step <= 6 || step == 9 ? new float[SIZE] : gradient(1));
    }
    float moved = 0;
    float[] after = weight.toFloatArray();
    for (int i = 0; i < SIZE; i++) {
      moved = Math.max(moved, Math.abs(after[i] - before[i]));
    }
    assertTrue(moved > 1e-3, "the last update moved by " + moved);
    assertEquals(norm(gradient(1)), adamw.moments("w", SIZE).norm(), 1e-4);
  }

  @Test
  void measuresTheGradientThatIsDivided() {
    AdamW adamw = adamw(CLIPPING);
    adamw.divisor(4);
    update(adamw, "w", manager.zeros(new Shape(SIZE)), gradient(1));
    assertEquals(norm(gradient(1)) / 4, adamw.moments("w", SIZE).norm(), 1e-5);
  }

  @Test
  void namesAParameterWhoseNormIsNotFinite() {
    NDArray weight = manager.ones(new Shape(SIZE));
    float[] g = gradient(1);
    g[3] = Float.NaN;
    AdamW adamw = adamw(CLIPPING);
    String message =
        assertThrows(IllegalStateException.class, () -> update(adamw, "w", weight, g)).getMessage();
    assertTrue(message.startsWith("gradient norm of w: NaN (expected: finite"), message);
    assertArrayEquals(manager.ones(new Shape(SIZE)).toFloatArray(), weight.toFloatArray());
    assertEquals(0, adamw.moments("w", SIZE).norm());
  }

  @Test
  void namesWhatIsWrong() {
    refuses("lambda: 0.9 (expected: a finite number, at least 1)", 0.9, 0.9, 1);
    refuses("lambda: NaN", Double.NaN, 0.9, 1);
    refuses("beta: 1.0 (expected: at least 0, below 1)", 1.1, 1, 1);
    refuses("beta: -0.1", 1.1, -0.1, 1);
    refuses("warmup: 0 (expected: at least 1)", 1.1, 0.9, 0);
  }

  private static void refuses(String start, double lambda, double beta, long warmup) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new AdaptiveNorm(lambda, beta, warmup))
            .getMessage();
    assertTrue(message.startsWith(start), message);
  }
}
