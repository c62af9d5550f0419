package dev.headroom.head;

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
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import dev.headroom.head.internal.ErrorBudget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Temperatures of rows against their definition with all N x V logits in float64. */
class RowTemperatureTest {
  private static final int ROWS = 6;
  private static final int WIDTH = 4;
  private static final int CLASSES = 11;
  private static final double FLOOR = 0.2;
  private static final double CAP = 3;

  private static float[] random(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** sum_i upstream_i nll_i; x holds e, c, u and a one after the other. */
  private static double direct(double[] x, long[] ids, float[] upstream, double cap) {
    int c = ROWS * WIDTH;
    int u = c + CLASSES * WIDTH;
    double total = 0;
    for (int i = 0; i < ROWS; i++) {
      if (ids[i] < 0) {
        continue;
      }
      double s = x[u + WIDTH];
      for (int k = 0; k < WIDTH; k++) {
        s += x[i * WIDTH + k] * x[u + k];
      }
      double tau = FLOOR + Math.log1p(Math.exp(-Math.abs(s))) + Math.max(0, s);
      double sum = 0;
      double target = 0;
      for (int v = 0; v < CLASSES; v++) {
        double z = 0;
        for (int k = 0; k < WIDTH; k++) {
          z += x[i * WIDTH + k] * x[c + v * WIDTH + k] / tau;
        }
        z = cap == 0 ? z : cap * Math.tanh(z / cap);
        sum += Math.exp(z);
        target = v == ids[i] ? z : target;
      }
      total += upstream[i] * (Math.log(sum) - target);
    }
    return total;
  }

  private static void set(Parameter parameter, float... values) {
    RowLossSamples.set(parameter.getArray(), values);
  }

  @Test
  void gradientsOfAllParametersAreSlopes() {
    for (double cap : new double[] {0, CAP}) {
      // an ordinary row, rows near the floor and rows of large temperatures
      for (float far : new float[] {0, -30, 25}) {
        try (NDManager manager = NDManager.newBaseManager()) {
          Random random = new Random(11);
          HeadOptions options =
              HeadOptions.of(CLASSES, WIDTH).withReduction(Reduction.NONE).withSoftCap(cap);
          VocabularyHead head = new VocabularyHead(options);
          RowTemperature block = new RowTemperature(head, FLOOR);
          block.initialize(manager, DataType.FLOAT32, new Shape(ROWS, WIDTH));
          NDArray e = manager.create(random(random, ROWS * WIDTH), new Shape(ROWS, WIDTH));
          e.setRequiresGradient(true);
          List<NDArray> arrays = new ArrayList<>(List.of(e));
          arrays.add(head.weight().getArray());
          RowLossSamples.set(arrays.get(1), random(random, CLASSES * WIDTH));
          for (String name : new String[] {"direction", "offset"}) {
            Parameter parameter = block.getDirectParameters().get(name);
            float[] values = random(random, (int) parameter.getArray().size());
            values[0] += name.equals("offset") ? far : 0;
            set(parameter, values);
            arrays.add(parameter.getArray());
          }
          arrays.forEach(array -> array.setRequiresGradient(true));
          long[] ids = {3, -100, 0, 10, 5, 3};
          float[] upstream = random(random, ROWS);
          HeadLoss loss = new HeadLoss(options);
          ParameterStore store = new ParameterStore(manager, false);
          double value;
          try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDList out = block.forward(store, new NDList(e), true);
            NDArray rows = loss.evaluate(new NDList(manager.create(ids)), out);
            NDArray total = rows.mul(manager.create(upstream)).sum();
            collector.backward(total);
            loss.finishBackward();
            value = total.getFloat();
          }
          check(arrays, ids, upstream, cap, value, "cap " + cap + " far " + far);
        }
      }
    }
  }

  private static void check(
      List<NDArray> arrays, long[] ids, float[] upstream, double cap, double value, String what) {
    double[] x = new double[(ROWS + CLASSES + 1) * WIDTH + 1];
    int at = 0;
    for (NDArray array : arrays) {
      for (float entry : array.toFloatArray()) {
        x[at++] = entry;
      }
    }
    assertEquals(direct(x, ids, upstream, cap), value, 1e-5 * Math.max(1, Math.abs(value)), what);
    at = 0;
    for (NDArray array : arrays) {
      float[] actual = array.getGradient().toFloatArray();
      float[] slopes = new float[actual.length];
      for (int k = 0; k < slopes.length; k++, at++) {
        double kept = x[at];
        x[at] = kept + 1e-5;
        double above = direct(x, ids, upstream, cap);
        x[at] = kept - 1e-5;
        slopes[k] = (float) ((above - direct(x, ids, upstream, cap)) / 2e-5);
        x[at] = kept;
      }
      ErrorBudget.GRADIENT_FLOAT32.check(what + " of " + array.getShape(), slopes, actual, 1e-2);
    }
  }

  @Test
  void beginsAtOneAndLearns() throws Exception {
    try (Model model = Model.newInstance("warm");
        NDManager manager = NDManager.newBaseManager()) {
      HeadOptions options = HeadOptions.of(CLASSES, WIDTH);
      VocabularyHead head = new VocabularyHead(options);
      RowTemperature block = new RowTemperature(head, FLOOR);
      model.setBlock(block);
      HeadLoss loss = new HeadLoss(head);
      DefaultTrainingConfig config = new DefaultTrainingConfig(loss);
      try (Trainer trainer = model.newTrainer(config)) {
        trainer.initialize(new Shape(ROWS, WIDTH));
        NDArray e = manager.create(random(new Random(2), ROWS * WIDTH), new Shape(ROWS, WIDTH));
        float[] ones = new float[ROWS];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, block.temperatures(e).toFloatArray(), 1e-6f);
        assertArrayEquals(e.toFloatArray(), block.scaled(e).toFloatArray(), 1e-6f);
        NDList labels = new NDList(manager.create(new long[] {1, 2, 3, 4, 5, 6}));
        for (int step = 0; step < 30; step++) {
          try (GradientCollector collector = trainer.newGradientCollector()) {
            NDList out = trainer.forward(new NDList(e));
            collector.backward(loss.evaluate(labels, out));
          }
          trainer.step();
        }
        NDArray tau = block.temperatures(e);
        float[] learnt = tau.toFloatArray();
        assertEquals(new Shape(ROWS), tau.getShape());
        boolean moved = false;
        for (float t : learnt) {
          moved |= Math.abs(t - 1) > 1e-4;
          assertTrue(t > FLOOR, Arrays.toString(learnt));
        }
        assertTrue(moved, Arrays.toString(learnt));
        NDArray top = head.topK(block.scaled(e), 1).ids();
        assertEquals(ROWS, top.size());
      }
    }
  }

  @Test
  void leavesNothingInTheModelsManager() {
    try (NDManager manager = NDManager.newBaseManager()) {
      VocabularyHead head = new VocabularyHead(HeadOptions.of(CLASSES, WIDTH));
      RowTemperature block = new RowTemperature(head, FLOOR);
      block.initialize(manager, DataType.FLOAT32, new Shape(ROWS, WIDTH));
      ParameterStore store = new ParameterStore(manager, false);
      int before = manager.getManagedArrays().size();
      try (NDManager step = manager.newSubManager()) {
        NDArray e = step.ones(new Shape(2, 3, WIDTH));
        assertEquals(new Shape(2, 3, WIDTH), block.scaled(e).getShape());
        assertEquals(new Shape(2, 3), block.temperatures(e).getShape());
        NDList out = block.forward(store, new NDList(e), false);
        assertEquals(new Shape(2, 3, WIDTH), out.head().getShape());
        Shape[] shapes = block.getOutputShapes(new Shape[] {new Shape(2, 3, WIDTH)});
        assertEquals(new Shape(CLASSES, WIDTH), shapes[1]);
      }
      assertEquals(before, manager.getManagedArrays().size());
    }
  }

  @Test
  void refusesABiasAndAFloorOutOfRange() {
    HeadOptions options = HeadOptions.of(CLASSES, WIDTH);
    VocabularyHead biased = new VocabularyHead(options.withBias(true));
    String bias =
        assertThrows(IllegalArgumentException.class, () -> new RowTemperature(biased, 0.1))
            .getMessage();
    assertTrue(bias.startsWith("bias: true (expected: false"), bias);
    for (double floor : new double[] {0, 1, Double.NaN}) {
      VocabularyHead head = new VocabularyHead(options);
      String message =
          assertThrows(IllegalArgumentException.class, () -> new RowTemperature(head, floor))
              .getMessage();
      assertTrue(message.startsWith("floor: " + floor + " (expected: "), message);
    }
  }
}
