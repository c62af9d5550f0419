package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.headroom.head.HeadFixture.Outcome;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The differentiable outputs of rows, against central differences in float64. */
class HeadRowsTest {
  private static final int ROWS = 5;
  private static final int WIDTH = 4;
  private static final int CLASSES = 13;
  private static final double SCALE = 0.7;
  private static final double CAP = 4;

  private HeadFixture f;
  private double[][] upstream;

  @BeforeEach
  void open() {
    f = new HeadFixture(ROWS, WIDTH, CLASSES);
    f.ids[1] = -100;
    Random random = new Random(9);
    upstream = new double[3][];
    for (int k = 0; k < 3; k++) {
      upstream[k] = random.doubles(ROWS, -1, 1).toArray();
    }
  }

  @AfterEach
  void close() {
    f.close();
  }

  private HeadOptions options() {
    return f.options().withLogitScale(SCALE).withSoftCap(CAP).withEntropy(true);
  }

  private NDArray weighted(HeadRows rows) {
    return rows.logProb()
        .mul(array(0))
        .add(rows.lse().mul(array(1)))
        .add(rows.entropy().mul(array(2)))
        .sum();
  }

  private NDArray array(int k) {
    float[] values = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      values[i] = (float) upstream[k][i];
    }
    return f.manager.create(values);
  }

  /** sum u_p log p_t + u_L L + u_H H, with every product and sum in float64. */
  private double value(double[] e, double[] c, double[] b) {
    double total = 0;
    for (int i = 0; i < ROWS; i++) {
      if (f.ids[i] < 0) {
        continue;
      }
      double[] z = new double[CLASSES];
      double sum = 0;
      for (int v = 0; v < CLASSES; v++) {
        double a = b[v];
        for (int k = 0; k < WIDTH; k++) {
          a += e[i * WIDTH + k] * c[v * WIDTH + k];
        }
        z[v] = CAP * Math.tanh(SCALE * a / CAP);
        sum += Math.exp(z[v]);
      }
      double lse = Math.log(sum);
      double entropy = lse;
      for (double logit : z) {
        entropy -= Math.exp(logit - lse) * logit;
      }
      total +=
          upstream[0][i] * (z[(int) f.ids[i]] - lse)
              + upstream[1][i] * lse
              + upstream[2][i] * entropy;
    }
    return total;
  }

  private static double[] doubles(NDArray array) {
    float[] narrow = array.toFloatArray();
    double[] wide = new double[narrow.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = narrow[i];
    }
    return wide;
  }

  private float[] slopes(int which) {
    double[][] arrays = {doubles(f.hidden), doubles(f.weight), doubles(f.bias)};
    double[] moved = arrays[which];
    float[] slopes = new float[moved.length];
    for (int i = 0; i < moved.length; i++) {
      double kept = moved[i];
      moved[i] = kept + 1e-5;
      double above = value(arrays[0], arrays[1], arrays[2]);
      moved[i] = kept - 1e-5;
      slopes[i] = (float) ((above - value(arrays[0], arrays[1], arrays[2])) / 2e-5);
      moved[i] = kept;
    }
    return slopes;
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE", "REFERENCE"})
  void gradientsAreSlopesForAnyUpstreamOfEachRow(Backend backend) {
    HeadLoss loss = new HeadLoss(options(), backend);
    Outcome actual = f.run(loss, () -> weighted(loss.rows(f.targets(), f.predictions())));
    double expected = value(doubles(f.hidden), doubles(f.weight), doubles(f.bias));
    assertEquals(expected, actual.loss()[0], 1e-5);
    assertArrayEquals(slopes(0), actual.dE(), 1e-5f, "dE");
    assertArrayEquals(slopes(1), actual.dC(), 1e-5f, "dC");
    assertArrayEquals(slopes(2), actual.dB(), 1e-5f, "dB");
  }

  @Test
  void oneLossMayBeMadeOfSeveralCalls() {
    HeadLoss loss = new HeadLoss(options());
    Outcome whole = f.run(loss, () -> loss.rows(f.targets(), f.predictions()).logProb().sum());
    Outcome parts =
        f.run(
            loss,
            () -> {
              NDArray first = loss.rows(part(0, 2), predictions(0, 2)).logProb().sum();
              NDArray second = loss.rows(part(2, ROWS), predictions(2, ROWS)).logProb().sum();
              return first.add(second);
            });
    assertArrayEquals(whole.dE(), parts.dE(), 1e-6f);
    assertArrayEquals(whole.dC(), parts.dC(), 1e-6f);
    assertArrayEquals(whole.dB(), parts.dB(), 1e-6f);
  }

  private NDList part(int from, int to) {
    return new NDList(f.manager.create(java.util.Arrays.copyOfRange(f.ids, from, to)));
  }

  private NDList predictions(int from, int to) {
    return new NDList(f.hidden.get(from + ":" + to), f.weight, f.bias);
  }

  @Test
  void givesNoEntropyAndNoGradientWhereNoneIsAskedFor() {
    HeadLoss loss = new HeadLoss(f.options());
    HeadRows rows = loss.rows(f.targets(), f.predictions());
    assertNull(rows.entropy());
    assertEquals(0f, rows.logProb().getFloat(1));
    assertEquals(0f, rows.lse().getFloat(1));
    loss.finishBackward();
    assertArrayEquals(new float[CLASSES * WIDTH], f.weight.getGradient().toFloatArray());
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE_CPU", "PORTABLE"})
  void leavesNoArrayBehind(Backend backend) {
    HeadOptions options = options().withTopK(2).withLabelSmoothing(0.1);
    HeadLoss plain = new HeadLoss(options.withReweighting(Reweighting.linear(0.5)), backend);
    HeadLoss rows = new HeadLoss(options, backend);
    int before = 0;
    for (int step = 0; step < 100; step++) {
      try (NDManager batch = f.manager.newSubManager()) {
        NDArray hidden = f.hidden.duplicate();
        hidden.attach(batch);
        NDArray ids = batch.create(f.ids);
        NDList predictions = new NDList(hidden, f.weight, f.bias);
        try (GradientCollector collector = batch.getEngine().newGradientCollector()) {
          NDArray loss = plain.evaluate(new NDList(ids), predictions);
          HeadRows outputs = rows.rows(new NDList(ids), predictions);
          collector.backward(loss.add(outputs.entropy().sum()).add(outputs.lse().sum()));
          plain.finishBackward();
          rows.finishBackward();
        }
      }
      int open = f.manager.getManagedArrays().size();
      before = step == 5 ? open : before;
      assertTrue(step < 5 || open == before, "step " + step + ": " + open + ", " + before);
    }
  }
}
