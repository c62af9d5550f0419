package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.headroom.head.losses.RefinedTargets;
import org.junit.jupiter.api.Test;

class RefinedTargetsTest {

  @Test
  void theHeadsOwnPredictionsShareTheTarget() {
    try (HeadFixture f = new HeadFixture(6, 4, 13)) {
      f.ids[2] = -100;
      float[] logs = new float[12];
      long[] best = new long[12];
      for (int i = 0; i < 6; i++) {
        best[2 * i] = i;
        best[2 * i + 1] = 12 - i;
        logs[2 * i] = (float) Math.log(0.5);
        logs[2 * i + 1] = (float) Math.log(0.25);
      }
      NDManager manager = f.manager;
      NDArray ids = manager.create(best).reshape(6, 2);
      TopK earlier = new TopK(ids, manager.create(logs).reshape(6, 2));
      NDList labels = RefinedTargets.of(f.targets().head(), earlier, 0.3, -100);
      assertArrayEquals(new long[] {f.ids[0], 0, 12}, labels.get(0).get(0).toLongArray());
      float[] weights = labels.get(1).get(0).toFloatArray();
      assertArrayEquals(new float[] {0.7f, 0.2f, 0.1f}, weights, 1e-6f);
      HeadLoss soft = new HeadLoss(f.options().withSoftTargets(3));
      soft.evaluate(labels, f.predictions());
      assertEquals(5, soft.output().kept());
      // it is linear in the target: 0.7 of the label, 0.2 of one class, 0.1 of the other
      double expected = 0;
      for (int part = 0; part < 3; part++) {
        NDArray own = labels.get(0).get(":, " + part);
        HeadLoss hard = new HeadLoss(f.options());
        double value = hard.evaluate(new NDList(own), f.predictions()).getFloat();
        expected += new double[] {0.7, 0.2, 0.1}[part] * value;
      }
      double actual = soft.evaluate(labels, f.predictions()).getFloat();
      assertEquals(expected, actual, 2e-6 * expected);
    }
  }

  @Test
  void badInputIsRefusedByName() {
    try (HeadFixture f = new HeadFixture(2, 4, 13)) {
      NDArray ids = f.manager.create(new long[] {1, 2}).reshape(2, 1);
      TopK earlier = new TopK(ids, f.manager.zeros(ids.getShape()));
      NDArray targets = f.targets().head();
      refuses("alpha: 1.5", () -> RefinedTargets.of(targets, earlier, 1.5, -100));
      refuses("targets: (1)", () -> RefinedTargets.of(targets.get("0:1"), earlier, 0, -100));
    }
  }

  private static void refuses(String begin, Runnable call) {
    String text = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(text.startsWith(begin) && text.contains("(expected: "), text);
  }
}
