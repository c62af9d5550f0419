package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import dev.headroom.head.calibration.Calibration;
import dev.headroom.head.calibration.NoveltyScores;
import dev.headroom.head.calibration.OutOfDistribution;
import dev.headroom.head.calibration.TemperatureFit;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calibration, temperature and novelty against sums over all N x V probabilities in float64. */
class CalibrationTest {
  private static final int ROWS = 600;
  private static final int WIDTH = 3;
  private static final int CLASSES = 11;

  private HeadFixture f;

  @BeforeEach
  void open() {
    f = new HeadFixture(ROWS, WIDTH, CLASSES);
  }

  @AfterEach
  void close() {
    f.close();
  }

  private double[][] probabilities(double alpha) {
    float[] e = f.hidden.toFloatArray();
    float[] c = f.weight.toFloatArray();
    float[] b = f.bias.toFloatArray();
    double[][] p = new double[ROWS][CLASSES];
    for (int i = 0; i < ROWS; i++) {
      double sum = 0;
      for (int v = 0; v < CLASSES; v++) {
        double a = b[v];
        for (int k = 0; k < WIDTH; k++) {
          a += (double) e[i * WIDTH + k] * c[v * WIDTH + k];
        }
        p[i][v] = Math.exp(alpha * a);
        sum += p[i][v];
      }
      for (int v = 0; v < CLASSES; v++) {
        p[i][v] /= sum;
      }
    }
    return p;
  }

  /** Draws targets from the head's own distribution at another scale. */
  private void draw(double alpha) {
    Random random = new Random(20261201);
    double[][] p = probabilities(alpha);
    for (int i = 0; i < ROWS; i++) {
      double left = random.nextDouble();
      int v = 0;
      while (v < CLASSES - 1 && left >= p[i][v]) {
        left -= p[i][v++];
      }
      f.ids[i] = i % 50 == 7 ? -100 : v;
    }
  }

  private double nll(double alpha) {
    double[][] p = probabilities(alpha);
    double sum = 0;
    int rows = 0;
    for (int i = 0; i < ROWS; i++) {
      if (f.ids[i] >= 0) {
        sum -= Math.log(p[i][(int) f.ids[i]]);
        rows++;
      }
    }
    return sum / rows;
  }

  @Test
  void measuresAreThoseOfAllProbabilities() {
    draw(0.5);
    HeadLoss loss = new HeadLoss(f.options().withTopK(2).withMoments(true));
    Calibration calibration = new Calibration(10);
    // in two batches
    for (int half = 0; half < 2; half++) {
      String rows = half * 300 + ":" + (half + 1) * 300;
      loss.evaluate(
          new NDList(f.targets().head().get(rows)),
          new NDList(f.hidden.get(rows), f.weight, f.bias));
      calibration.add(loss.output());
    }
    double[] count = new double[10];
    double[] gap = new double[10];
    double brier = 0;
    double right = 0;
    int rows = 0;
    double[][] p = probabilities(1);
    for (int i = 0; i < ROWS; i++) {
      if (f.ids[i] < 0) {
        continue;
      }
      rows++;
      int best = 0;
      for (int v = 0; v < CLASSES; v++) {
        best = p[i][v] > p[i][best] ? v : best;
        brier += Math.pow(p[i][v] - (v == f.ids[i] ? 1 : 0), 2);
      }
      int bin = Math.min(9, (int) (p[i][best] * 10));
      count[bin]++;
      gap[bin] += (best == f.ids[i] ? 1 : 0) - p[i][best];
      right += best == f.ids[i] ? 1 : 0;
    }
    double ece = 0;
    for (double g : gap) {
      ece += Math.abs(g) / rows;
    }
    assertEquals(rows, calibration.rows());
    assertEquals(ece, calibration.expectedCalibrationError(), 1e-6);
    assertEquals(brier / rows, calibration.brierScore(), 1e-6);
    assertEquals(right / rows, calibration.accuracy(), 0);
    assertEquals(nll(1), calibration.nll(), 1e-6);
    assertEquals(count[9], calibration.bin(9).rows());
    assertTrue(ece > 0.1, "targets of half the scale are less sure than the head: " + ece);
  }

  @Test
  void theTemperatureIsWhereNllIsLeast() {
    for (double truth : new double[] {0.2, 1, 4}) {
      draw(truth);
      TemperatureFit fit =
          TemperatureFit.of(f.options(), List.of(f.targets()), List.of(f.predictions()));
      String what = truth + ": " + fit;
      assertTrue(fit.converged(), what);
      assertTrue(fit.passes() <= 12, what);
      assertEquals(nll(1), fit.nllBefore(), 1e-6, what);
      assertEquals(nll(fit.logitScale()), fit.nll(), 1e-6, what);
      // flat to second order: 1 % beside it costs more
      assertTrue(nll(fit.logitScale() * 1.01) > nll(fit.logitScale()), what);
      assertTrue(nll(fit.logitScale() / 1.01) > nll(fit.logitScale()), what);
      assertEquals(truth, fit.logitScale(), 0.2 * truth, what);
    }
  }

  @Test
  void scoresAreThoseOfTheLogits() {
    NoveltyScores scores = NoveltyScores.of(f.options().withLogitScale(0.5), f.predictions());
    double[][] p = probabilities(0.5);
    for (int i = 0; i < ROWS; i++) {
      double most = 0;
      double entropy = 0;
      for (double x : p[i]) {
        most = Math.max(most, x);
        entropy -= x * Math.log(x);
      }
      assertEquals(1 - most, scores.lessThanSure()[i], 1e-6);
      assertEquals(entropy, scores.entropy()[i], 1e-5);
    }
    HeadLoss loss = new HeadLoss(f.options().withLogitScale(0.5));
    loss.evaluate(f.targets(), f.predictions());
    assertEquals(loss.output().energy()[3], scores.energy()[3]);
  }

  @Test
  void theThresholdHoldsItsRate() {
    Random random = new Random(5);
    int alarms = 0;
    int trials = 2000;
    for (int trial = 0; trial < trials; trial++) {
      double[] scores = random.doubles(99).toArray();
      alarms += OutOfDistribution.calibrate(scores, 0.1).test(random.nextDouble()) ? 1 : 0;
    }
    // binomial(2000, 0.1): deviation 13.4
    assertEquals(0.1 * trials, alarms, 4 * 13.4);
    double[] few = {3, 1, 2};
    assertEquals(3, OutOfDistribution.calibrate(few, 0.25).threshold());
    assertEquals(1.0 / 0, OutOfDistribution.calibrate(few, 0.2).threshold());
    assertTrue(OutOfDistribution.calibrate(few, 0.2).test(Double.NaN));
    assertFalse(OutOfDistribution.calibrate(few, 0.25).test(3));
    // 3 of 3, 2 of 3, and a tie with the second: 1.5 of 3
    assertEquals(6.5 / 9, OutOfDistribution.auroc(few, new double[] {5, 2.5, 2}), 1e-12);
  }

  @Test
  void badInputIsRefusedByName() {
    refuses("rate: 1.0", () -> OutOfDistribution.calibrate(new double[] {1}, 1));
    refuses("scores: none", () -> OutOfDistribution.calibrate(new double[0], 0.1));
    refuses("known[0]: NaN", () -> OutOfDistribution.auroc(new double[] {0.0 / 0}, new double[1]));
    refuses("bins: 0", () -> new Calibration(0));
    HeadLoss loss = new HeadLoss(f.options().withTopK(1));
    loss.evaluate(f.targets(), f.predictions());
    refuses("options: ", () -> new Calibration().add(loss.output()));
    List<NDList> labels = List.of(f.targets());
    List<NDList> predictions = List.of(f.predictions());
    refuses(
        "softCap: 3.0", () -> TemperatureFit.of(f.options().withSoftCap(3), labels, predictions));
    refuses("rows: 0", () -> TemperatureFit.of(f.options(), List.of(), List.of()));
    refuses("batches of labels: 1", () -> TemperatureFit.of(f.options(), labels, List.of()));
  }

  private static void refuses(String begin, Runnable call) {
    String text = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(text.startsWith(begin) && text.contains("(expected: "), text);
  }
}
