package dev.headroom.head.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.listener.TrainingListener.BatchData;
import ai.djl.training.loss.Loss;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import dev.headroom.head.internal.NativeLibrary;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static final int N = 70_001;

  private static float[] noise(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (random.nextDouble() * 2 - 1);
    }
    return x;
  }

  private static Memory memory(float[] x) {
    Memory memory = new Memory(4L * x.length);
    memory.write(0, x, 0, x.length);
    return memory;
  }

  private static NativeLibrary.AdamW update(float[] param, float[] grad) {
    NativeLibrary.AdamW u = new NativeLibrary.AdamW();
    u.count = param.length;
    u.param = memory(param);
    u.grad = memory(grad);
    u.m = memory(new float[param.length]);
    u.s = memory(new float[param.length]);
    u.scale = 0.7;
    u.lr = 3e-3;
    u.beta1 = 0.9;
    u.beta2 = 0.95;
    u.eps = 1e-8;
    u.decay = 0.1;
    u.zeroGrad = 1;
    u.threads = 2;
    return u;
  }

  private static float[] floats(Pointer p, int n) {
    return p.getFloatArray(0, n);
  }

  @Test
  void javaAndNativePassesGiveTheSameBits() {
    NativeLibrary.AdamW a = update(noise(N, 1), noise(N, 2));
    NativeLibrary.AdamW b = update(noise(N, 1), noise(N, 2));
    for (int step = 1; step <= 3; step++) {
      a.step = step;
      b.step = step;
      a.grad.write(0, noise(N, 10 + step), 0, N);
      b.grad.write(0, noise(N, 10 + step), 0, N);
      Passes.adamw(a);
      JavaPasses.adamw(b);
    }
    assertArrayEquals(floats(b.param, N), floats(a.param, N));
    assertArrayEquals(floats(b.m, N), floats(a.m, N));
    assertArrayEquals(floats(b.s, N), floats(a.s, N));
    assertArrayEquals(new float[N], floats(a.grad, N));
    assertArrayEquals(new float[N], floats(b.grad, N));
    assertEquals(JavaPasses.sumSquares(a.param, N), Passes.sumSquares(a.param, N, 2), 0.0);
  }

  @Test
  void updatesAsTheFormulaSays() {
    try (NDManager manager = NDManager.newBaseManager()) {
      float[] w = noise(12, 3);
      float[] g = noise(12, 4);
      NDArray weight = manager.create(w, new Shape(3, 4));
      NDArray grad = manager.create(g, new Shape(3, 4));
      AdamW adamw = AdamW.builder(step -> 0.01).optWeightDecays(0.1f).build();
      adamw.update("w", weight, grad);
      float[] after = weight.toFloatArray();
      for (int i = 0; i < 12; i++) {
        // after one update the corrected moments are g and g^2
        double expected = w[i] * (1 - 0.01 * 0.1) - 0.01 * Math.signum(g[i]);
        assertEquals(expected, after[i], 1e-6);
      }
      assertArrayEquals(new float[12], grad.toFloatArray());
    }
  }

  @Test
  void decaysNoBiasAndNoNorm() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray bias = manager.ones(new Shape(5));
      NDArray matrix = manager.ones(new Shape(5, 1));
      AdamW adamw = AdamW.builder(step -> 0.5).optWeightDecays(0.5f).build();
      adamw.update("bias", bias, manager.zeros(new Shape(5)));
      adamw.update("matrix", matrix, manager.zeros(new Shape(5, 1)));
      assertArrayEquals(new float[] {1, 1, 1, 1, 1}, bias.toFloatArray());
      assertArrayEquals(new float[] {0.75f, 0.75f, 0.75f, 0.75f, 0.75f}, matrix.toFloatArray());
    }
  }

  @Test
  void asksForTheRateOfEveryUpdate() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray weight = manager.ones(new Shape(2));
      AdamW adamw = AdamW.builder(step -> step == 2 ? 1 : 0).build();
      adamw.update("w", weight, manager.ones(new Shape(2)));
      assertArrayEquals(new float[] {1, 1}, weight.toFloatArray());
      adamw.update("w", weight, manager.ones(new Shape(2)));
      assertArrayEquals(new float[] {0, 0}, weight.toFloatArray(), 1e-6f);
    }
  }

  @Test
  void refusesWhatItCannotUpdate() {
    try (NDManager manager = NDManager.newBaseManager()) {
      AdamW adamw = AdamW.builder(step -> 0.1).build();
      NDArray half = manager.ones(new Shape(4)).toType(DataType.FLOAT16, false);
      NDArray four = manager.ones(new Shape(4));
      NDArray five = manager.ones(new Shape(5));
      assertThrows(IllegalArgumentException.class, () -> adamw.update("a", half, half));
      assertThrows(IllegalArgumentException.class, () -> adamw.update("b", four, five));
      assertThrows(IllegalArgumentException.class, () -> adamw.scale(Double.NaN));
      adamw.update("c", four, manager.zeros(new Shape(4)));
      assertThrows(
          IllegalArgumentException.class,
          () -> adamw.update("c", five, manager.zeros(new Shape(5))));
    }
  }

  @Test
  void trainsAndClipsInDjlsOwnTrainer() {
    AdamW adamw = AdamW.builder(step -> 0.05).build();
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(Loss.l2Loss())
            .optOptimizer(adamw)
            .addTrainingListeners(GlobalNorm.clipping(adamw, 1));
    try (Model model = Model.newInstance("line", "PyTorch")) {
      model.setBlock(Linear.builder().setUnits(1).build());
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(8, 3));
        float first = batch(trainer);
        float last = first;
        for (int i = 0; i < 150; i++) {
          last = batch(trainer);
        }
        assertTrue(last < first / 20, "loss " + first + " to " + last);
        for (Parameter parameter : model.getBlock().getParameters().values()) {
          try (NDArray grad = parameter.getArray().getGradient()) {
            assertEquals(0, grad.norm().getFloat(), "the gradient is zeroed after the step");
          }
        }
      }
    }
  }

  private static float batch(Trainer trainer) {
    try (NDManager manager = trainer.getManager().newSubManager()) {
      NDArray x = manager.create(noise(24, 6), new Shape(8, 3));
      NDArray y = x.sum(new int[] {1}).mul(2).add(1).reshape(8, 1);
      float value;
      try (GradientCollector collector = trainer.newGradientCollector()) {
        NDList out = trainer.forward(new NDList(x));
        NDArray loss = trainer.getLoss().evaluate(new NDList(y), out);
        collector.backward(loss);
        value = loss.getFloat();
      }
      BatchData data = new BatchData(null, new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
      trainer.notifyListeners(listener -> listener.onTrainingBatch(trainer, data));
      trainer.step();
      return value;
    }
  }

  @Test
  void scalesOnlyNormsAboveTheLimit() {
    assertEquals(1, GlobalNorm.scale(0.5, 1), 0);
    assertEquals(0.25, GlobalNorm.scale(4, 1), 0);
    assertEquals(1, GlobalNorm.scale(4, 0), 0);
  }
}
