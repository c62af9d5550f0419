package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDList;
import dev.headroom.head.HeadFixture.Outcome;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The distance against its definition with all N x V probabilities and costs in float64. */
class EarthMoverLossTest {
  private static final int ROWS = 6;
  private static final int WIDTH = 4;
  private static final int CLASSES = 13;
  private static final List<Backend> BACKENDS =
      List.of(Backend.REFERENCE, Backend.PORTABLE, Backend.NATIVE_CPU);

  private static HeadFixture fixture() {
    HeadFixture f = new HeadFixture(ROWS, WIDTH, CLASSES);
    f.ids[2] = -100;
    return f;
  }

  /** One minus the cosine of two rows of the classifier, as it was before any step. */
  private static double cost(double[] start, int v, int t) {
    int c = ROWS * WIDTH;
    double dot = 0;
    double a = 0;
    double b = 0;
    for (int k = 0; k < WIDTH; k++) {
      double x = start[c + v * WIDTH + k];
      double y = start[c + t * WIDTH + k];
      dot += x * y;
      a += x * x;
      b += y * y;
    }
    return 1 - dot / Math.sqrt(a * b);
  }

  /** sum of weight x (alpha nll + (1-alpha) sum_v p_v cost), costs held at the start. */
  private static double direct(
      double[] x, double[] start, long[] ids, double[] weights, double alpha) {
    int c = ROWS * WIDTH;
    int b = c + CLASSES * WIDTH;
    double total = 0;
    for (int i = 0; i < ROWS; i++) {
      if (weights[i] == 0) {
        continue;
      }
      double[] e = new double[CLASSES];
      double sum = 0;
      for (int v = 0; v < CLASSES; v++) {
        double a = x[b + v];
        for (int k = 0; k < WIDTH; k++) {
          a += x[i * WIDTH + k] * x[c + v * WIDTH + k];
        }
        e[v] = Math.exp(a);
        sum += e[v];
      }
      double distance = 0;
      for (int v = 0; v < CLASSES; v++) {
        distance += e[v] / sum * cost(start, v, (int) ids[i]);
      }
      double nll = -Math.log(e[(int) ids[i]] / sum);
      total += weights[i] * (alpha * nll + (1 - alpha) * distance);
    }
    return total;
  }

  private static void hold(
      double[] x, ToDoubleFunction<double[]> loss, Outcome outcome, String what) {
    double sum = 0;
    for (float value : outcome.loss()) {
      sum += value;
    }
    assertEquals(loss.applyAsDouble(x), sum, 3e-6, what);
    int at = 0;
    for (float[] part : List.of(outcome.dE(), outcome.dC(), outcome.dB())) {
      for (float actual : part) {
        double old = x[at];
        x[at] = old + 1e-5;
        double up = loss.applyAsDouble(x);
        x[at] = old - 1e-5;
        double down = loss.applyAsDouble(x);
        x[at] = old;
        assertEquals((up - down) / 2e-5, actual, 2e-6, what + " entry " + at);
        at++;
      }
    }
  }

  @Test
  void isTheMeanCostOfTheSoftmax() {
    for (Backend backend : BACKENDS) {
      for (double alpha : new double[] {0, 0.4}) {
        try (HeadFixture f = fixture()) {
          EarthMoverLoss loss = new EarthMoverLoss(f.options(), alpha, backend);
          double[] start = f.flat();
          double[] weights = {0.2, 0.2, 0, 0.2, 0.2, 0.2};
          Outcome outcome =
              f.run(
                  new HeadLoss(f.options(), backend),
                  () -> loss.evaluate(f.targets(), f.predictions()));
          loss.finishBackward();
          hold(
              start.clone(),
              x -> direct(x, start, f.ids, weights, alpha),
              outcome,
              backend + " " + alpha);
        }
      }
    }
  }

  @Test
  void eachRowTakesItsOwnUpstream() {
    try (HeadFixture f = fixture()) {
      HeadOptions options = f.options().withReduction(Reduction.NONE);
      EarthMoverLoss loss = new EarthMoverLoss(options, 0, Backend.NATIVE_CPU);
      float[] upstream = f.random(3);
      double[] start = f.flat();
      double[] weights = new double[ROWS];
      for (int i = 0; i < ROWS; i++) {
        weights[i] = f.ids[i] < 0 ? 0 : upstream[i];
      }
      try (ai.djl.training.GradientCollector collector =
          f.manager.getEngine().newGradientCollector()) {
        ai.djl.ndarray.NDArray rows =
            loss.evaluate(f.targets(), f.predictions()).mul(f.manager.create(upstream));
        collector.backward(rows.sum());
        loss.finishBackward();
        Outcome outcome =
            new Outcome(
                rows.toFloatArray(),
                f.hidden.getGradient().toFloatArray(),
                f.weight.getGradient().toFloatArray(),
                f.bias.getGradient().toFloatArray());
        hold(start.clone(), x -> direct(x, start, f.ids, weights, 0), outcome, "rows");
      }
    }
  }

  @Test
  void aShiftHoldsEachPositionAgainstTheNextToken() {
    try (HeadFixture f = fixture()) {
      long[] next = {f.ids[1], -100, -100, f.ids[4], f.ids[5], -100};
      HeadOptions options = f.options();
      EarthMoverLoss shifted = new EarthMoverLoss(options.withCausalShift(true), 0, null);
      EarthMoverLoss plain = new EarthMoverLoss(options, 0, null);
      NDList sequences = new NDList(f.hidden.reshape(2, 3, WIDTH), f.weight, f.bias);
      NDList labels = new NDList(f.targets().head().reshape(2, 3));
      float expected =
          plain.evaluate(new NDList(f.manager.create(next)), f.predictions()).getFloat();
      assertEquals(expected, shifted.evaluate(labels, sequences).getFloat(), 1e-6);
    }
  }
}
