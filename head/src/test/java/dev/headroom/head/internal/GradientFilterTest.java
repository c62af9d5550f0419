package dev.headroom.head.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.Backend;
import dev.headroom.head.ComputeType;
import dev.headroom.head.Engine;
import dev.headroom.head.GradientFilter;
import dev.headroom.head.HeadOptions;
import dev.headroom.head.internal.NativeCpuKernels.Gemm;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The filter of a native rung on a head whose softmax is as sparse as a trained one's. */
class GradientFilterTest {
  private static final long SEED = 20261121;
  private static final int ROWS = 600;
  private static final int CLASSES = 6000;
  private static final int WIDTH = 48;

  private NDManager manager;
  private HeadKernels kernels;

  @BeforeEach
  void open() {
    kernels = rung().kernels();
    manager = NDManager.newBaseManager();
  }

  /** Returns which rung is tested. */
  Rung rung() {
    return new Rung(Backend.NATIVE_CPU, Engine.AUTO, ComputeType.FLOAT32, Gemm.AUTO);
  }

  @AfterEach
  void close() {
    if (manager != null) {
      manager.close();
    }
  }

  /**
   * Hidden states near the classifier row of their target; class popularity falls off as 1/rank.
   */
  private HeadProblem sparse(HeadOptions options) {
    Random random = new Random(SEED);
    float[] c = Problems.gaussians(random, CLASSES * WIDTH, 0.6);
    float[] e = Problems.gaussians(random, ROWS * WIDTH, 0.5);
    long[] targets = new long[ROWS];
    float[] r = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      targets[i] = (long) (CLASSES * Math.pow(random.nextDouble(), 3));
      r[i] = 1f / ROWS;
      for (int k = 0; k < WIDTH; k++) {
        e[i * WIDTH + k] += c[(int) targets[i] * WIDTH + k];
      }
    }
    float[] b = new float[CLASSES];
    for (int v = 0; v < CLASSES; v++) {
      b[v] = (float) -Math.log1p(v);
    }
    NDArray bias = options.bias() ? manager.create(b) : null;
    return new HeadProblem(
        manager.create(e, new Shape(ROWS, WIDTH)),
        manager.create(c, new Shape(CLASSES, WIDTH)),
        bias,
        targets,
        null,
        r,
        r,
        null,
        options);
  }

  private static HeadOptions options() {
    return HeadOptions.of(CLASSES, WIDTH)
        .withBias(true)
        .withThreads(2)
        .withEngine(Engine.RECOMPUTED);
  }

  private HeadResult run(HeadProblem problem, HeadOptions options) {
    HeadProblem asked = problem.withOptions(options);
    return kernels.forwardBackward(asked, Wanted.all(asked));
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double cosine(NDArray a, NDArray b) {
    float[] x = a.toFloatArray();
    float[] y = b.toFloatArray();
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (double) x[i] * y[i];
      xx += (double) x[i] * x[i];
      yy += (double) y[i] * y[i];
    }
    return xy / Math.sqrt(xx * yy);
  }

  @Test
  void dropsNothingThatCountsAndKeepsTheLossBits() {
    HeadOptions options = options();
    HeadProblem problem = sparse(options);
    HeadResult full = run(problem, options);
    HeadResult filtered = run(problem, options.withFilter(GradientFilter.below(1e-3)));
    assertArrayEquals(full.nll(), filtered.nll());
    double dropped = mean(filtered.dropped());
    assertTrue(dropped > 1e-4 && dropped < 0.5, "dropped " + dropped);
    assertTrue(cosine(full.dE(), filtered.dE()) > 0.999, "dE " + cosine(full.dE(), filtered.dE()));
    assertTrue(cosine(full.dC(), filtered.dC()) > 0.999, "dC " + cosine(full.dC(), filtered.dC()));
  }

  @Test
  void countsTheDroppedMassExactly() {
    HeadOptions options = options();
    HeadProblem problem = sparse(options);
    HeadResult full = run(problem, options);
    HeadResult filtered = run(problem, options.withFilter(GradientFilter.below(1e-3)));
    // without z-loss the bias gradient of a class is the sum of what its entries keep, so all
    // classes
    // together lack the dropped mass
    double lack = 0;
    float[] whole = full.dB().toFloatArray();
    float[] part = filtered.dB().toFloatArray();
    for (int v = 0; v < CLASSES; v++) {
      lack += (double) whole[v] - part[v];
    }
    assertEquals(mean(filtered.dropped()), lack, 1e-5);
  }

  @Test
  void staysBelowTheMassThatItIsGiven() {
    HeadOptions options = options();
    HeadProblem problem = sparse(options);
    double last = 0;
    for (double limit : new double[] {1e-3, 1e-2, 0.1}) {
      HeadResult filtered = run(problem, options.withFilter(GradientFilter.upTo(limit)));
      double dropped = mean(filtered.dropped());
      // tau comes from a pilot of the rows, so the mean may pass the limit by a little
      assertTrue(dropped <= 1.5 * limit, "dropped " + dropped + " at " + limit);
      assertTrue(dropped >= last, "dropped " + dropped + " after " + last);
      last = dropped;
    }
    assertTrue(last > 1e-3, "dropped " + last);
  }

  @Test
  void givesTheFullGradientWhereNothingIsBelowTau() {
    HeadOptions options = options().withLabelSmoothing(0.1).withZLoss(1e-3);
    HeadProblem problem = sparse(options);
    HeadResult full = run(problem, options);
    HeadResult filtered = run(problem, options.withFilter(GradientFilter.below(1e-35)));
    ErrorBudget budget = ErrorBudget.GRADIENT_FLOAT32;
    budget.check("dE", full.dE().toFloatArray(), filtered.dE().toFloatArray(), 1e-4);
    budget.check("dC", full.dC().toFloatArray(), filtered.dC().toFloatArray(), 1e-4);
    budget.check("dB", full.dB().toFloatArray(), filtered.dB().toFloatArray(), 1e-4);
    assertEquals(0, mean(filtered.dropped()), 1e-6);
  }

  @Test
  void leavesTheClassifierWholeWhereAsked() {
    HeadOptions options = options();
    HeadProblem problem = sparse(options);
    HeadResult full = run(problem, options);
    GradientFilter filter = GradientFilter.below(1e-2).withFullClassifier();
    HeadResult filtered = run(problem, options.withFilter(filter));
    assertTrue(mean(filtered.dropped()) > 1e-3);
    ErrorBudget.GRADIENT_FLOAT32.check(
        "dC", full.dC().toFloatArray(), filtered.dC().toFloatArray(), 1e-4);
  }

  @Test
  void givesTheSameBitsForAnyThreadCount() {
    HeadOptions options = options().withFilter(GradientFilter.upTo(1e-2));
    HeadProblem problem = sparse(options);
    HeadResult one = run(problem, options.withThreads(1));
    HeadResult three = run(problem, options.withThreads(3));
    assertArrayEquals(one.dropped(), three.dropped());
    assertArrayEquals(one.dE().toFloatArray(), three.dE().toFloatArray());
    assertArrayEquals(one.dC().toFloatArray(), three.dC().toFloatArray());
  }

  @Test
  void worksFromAnEarlierForwardPassAndInBfloat16AndInChunks() {
    HeadOptions options = options();
    HeadProblem problem = sparse(options);
    HeadResult full = run(problem, options);
    HeadOptions filtered = options.withFilter(GradientFilter.below(1e-3));
    HeadProblem asked = problem.withOptions(filtered);
    HeadResult later = kernels.backward(asked, full.rows(), Wanted.all(asked));
    assertTrue(cosine(full.dE(), later.dE()) > 0.999);
    HeadResult rounded = run(problem, filtered.withCompute(ComputeType.BFLOAT16));
    assertTrue(cosine(full.dE(), rounded.dE()) > 0.998);
    HeadResult tight = run(problem, filtered.withWorkspaceBytes(6 << 20));
    assertTrue(cosine(full.dE(), tight.dE()) > 0.999);
    assertTrue(mean(tight.dropped()) > 1e-4);
  }

  @Test
  void refusesWhatItCannotBeCombinedWith() {
    HeadOptions options = HeadOptions.of(10, 2).withFilter(GradientFilter.upTo(0.01));
    assertEquals(
        "engine: KEPT (expected: AUTO or RECOMPUTED with a gradient filter)",
        assertThrows(IllegalArgumentException.class, () -> options.withEngine(Engine.KEPT))
            .getMessage());
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> options.withLabelSmoothing(0.1).withSoftCap(30))
            .getMessage();
    assertTrue(message.startsWith("softCap: 30.0 (expected: 0 with a gradient filter"), message);
    assertEquals(
        "tau: 1.0 (expected: in [0, 1))",
        assertThrows(IllegalArgumentException.class, () -> GradientFilter.below(1)).getMessage());
  }
}
