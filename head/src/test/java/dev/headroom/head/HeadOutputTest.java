package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.Test;

class HeadOutputTest {

  @Test
  void tellsWhatTheLastEvaluationKnows() {
    try (HeadFixture f = new HeadFixture(12, 9, 70)) {
      check(f);
    }
  }

  private static void check(HeadFixture f) {
    HeadLoss loss =
        new HeadLoss(f.options().withLogitScale(0.5).withEntropy(true).withTopK(3).withZLoss(0.1));
    assertEquals(
        "output: none (expected: an evaluation before it)",
        assertThrows(IllegalStateException.class, loss::output).getMessage());
    f.ids[4] = -100;
    float value = loss.evaluate(f.targets(), f.predictions()).getFloat();
    HeadOutput output = loss.output();
    NDArray logits =
        f.hidden.matMul(f.weight.transpose()).add(f.bias).div(2).toType(DataType.FLOAT64, true);
    NDArray logProb = logits.logSoftmax(1);
    double total = 0;
    int right = 0;
    for (int i = 0; i < 12; i++) {
      if (i == 4) {
        assertEquals(0f, output.nll()[i] + output.lse()[i] + output.entropy()[i]);
        assertEquals(-1, output.argmax()[i]);
        continue;
      }
      double expected = logProb.getDouble(i, f.ids[i]);
      assertEquals(expected, output.logProb()[i], 1e-5);
      double lse = logits.getDouble(i, 0) - logProb.getDouble(i, 0);
      assertEquals(lse, output.lse()[i], 1e-5);
      assertEquals(-2 * lse, output.energy()[i], 2e-5);
      NDArray row = logProb.get(i);
      assertEquals(-row.mul(row.exp()).sum().getDouble(), output.entropy()[i], 1e-5);
      long best = row.argMax().getLong();
      assertEquals(best, output.argmax()[i]);
      assertEquals(logits.getDouble(i, best), output.maxLogit()[i], 1e-5);
      assertEquals(0.1 * lse * lse / 11, output.zLoss()[i], 1e-5);
      total += output.nll()[i] / 11 + output.zLoss()[i];
      right += best == f.ids[i] ? 1 : 0;
    }
    assertEquals(right / 11.0, output.accuracy());
    assertEquals(total, value, 1e-5);
    HeadLoss plain = new HeadLoss(f.options());
    plain.evaluate(f.targets(), f.predictions());
    assertEquals(
        "argmax: topK is 0 (expected: at least 1; HeadOptions.withTopK(1))",
        assertThrows(IllegalStateException.class, () -> plain.output().argmax()).getMessage());
  }

  @Test
  void tellsWhatTheGradientFilterDropped() {
    try (HeadFixture f = new HeadFixture(40, 9, 700)) {
      HeadLoss loss = new HeadLoss(f.options().withFilter(GradientFilter.below(1e-3)));
      assumeTrue(loss.backend() == Backend.NATIVE_CPU, "only the native rung drops anything");
      loss.evaluate(f.targets(), f.predictions());
      assertNull(loss.output().droppedMass(), "no gradient, nothing dropped");
      try (GradientCollector collector =
          ai.djl.engine.Engine.getInstance().newGradientCollector()) {
        collector.backward(loss.evaluate(f.targets(), f.predictions()));
      }
      double mean = 0;
      for (float dropped : loss.output().droppedMass()) {
        assertTrue(dropped >= 0 && dropped < 0.7, "dropped " + dropped);
        mean += dropped / 40;
      }
      assertTrue(mean > 0.001, "mean " + mean);
    }
  }
}
