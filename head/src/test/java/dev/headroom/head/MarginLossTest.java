package dev.headroom.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.losses.AdaptiveMarginLoss;
import dev.headroom.head.losses.MarginLoss;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Margins against the label-distributionally robust losses of the paper. */
class MarginLossTest {

  @Test
  void aMarginIsLabelDistributionallyRobustWithTheLogitScale() {
    double lambda = 0.4;
    double margin = 0.3;
    try (HeadFixture f = new HeadFixture(5, 4, 13)) {
      HeadOptions options =
          f.options()
              .withLogitScale(1 / lambda)
              .withRowLosses(new MarginLoss(margin, lambda))
              .withReduction(Reduction.SUM);
      HeadLoss loss = new HeadLoss(options);
      Outcome actual = f.run(loss, f.targets(), f.predictions());
      // the definition of the paper, from logits at scale 1
      ToDoubleFunction<List<Row>> total =
          rows -> {
            double sum = 0;
            for (Row row : rows) {
              double inner = 0;
              for (int v = 0; v < 13; v++) {
                double c = v == row.target() ? 0 : margin;
                inner += Math.exp((row.z()[v] - row.z()[row.target()] + c) / lambda);
              }
              sum += lambda * Math.log(inner);
            }
            return sum;
          };
      RowTruth truth = new RowTruth(f, f.options());
      assertEquals(total.applyAsDouble(truth.rows()), actual.loss()[0], 1e-5);
      truth.check("LDR", total, actual, ErrorBudget.GRADIENT_FLOAT32);
    }
  }

  @Test
  void anAdaptiveMarginFindsTheTemperatureOfEachRow() {
    double margin = 0.3;
    double alpha = 2;
    double least = 0.5;
    double[] lambda = {1, 1, 1, 1, 1};
    try (HeadFixture f = new HeadFixture(5, 4, 13)) {
      HeadOptions options =
          HeadOptions.of(13, 4)
              .withReduction(Reduction.SUM)
              .withRowLosses(new AdaptiveMarginLoss(margin, row -> lambda[row]));
      AdaptiveMarginLoss own = (AdaptiveMarginLoss) options.rowLosses().get(0);
      HeadLoss loss = new HeadLoss(options);
      Outcome actual = null;
      for (int visit = 0; visit < 60; visit++) {
        actual = f.run(loss, () -> loss.evaluate(f.targets(), divided(f, lambda)));
        for (int i = 0; i < 5; i++) {
          double nll = loss.output().nll()[i];
          double divergence = own.divergence(nll, loss.output().entropy()[i], lambda[i], 13);
          lambda[i] = visit == 59 ? lambda[i] : least + divergence / alpha;
        }
      }
      set(f.bias, 0);
      RowTruth truth = new RowTruth(f, f.options());
      // the definition, its temperature found by search; the constants that the head leaves out
      ToDoubleFunction<Row> best =
          row -> {
            double smallest = Double.POSITIVE_INFINITY;
            double low = 0.3;
            double high = 4;
            for (int k = 0; k < 100; k++) {
              double left = low + (high - low) / 3;
              double right = high - (high - low) / 3;
              double a = robust(row, margin, left, least, alpha);
              double b = robust(row, margin, right, least, alpha);
              low = a < b ? low : left;
              high = a < b ? right : high;
              smallest = Math.min(a, b);
            }
            return smallest;
          };
      double sum = 0;
      for (Row row : truth.rows()) {
        double found = lambda[row.index()];
        double constant = found * Math.log(13) - alpha / 2 * Math.pow(found - least, 2);
        sum += best.applyAsDouble(row) + constant;
        assertTrue(found > least && found < least + Math.log(13) / alpha, "lambda " + found);
      }
      assertEquals(sum, actual.loss()[0], 1e-4);
      ToDoubleFunction<List<Row>> total = rows -> rows.stream().mapToDouble(best).sum();
      float[] slopes = truth.slopes(0, total);
      for (int i = 0; i < slopes.length; i++) {
        assertEquals(slopes[i], actual.dE()[i], 1e-4, "element " + i);
      }
    }
  }

  private static double robust(Row row, double margin, double lambda, double least, double alpha) {
    double inner = 0;
    for (int v = 0; v < 13; v++) {
      double c = v == row.target() ? 0 : margin;
      inner += Math.exp((row.z()[v] - row.z()[row.target()] + c) / lambda) / 13;
    }
    return lambda * Math.log(inner) + alpha / 2 * Math.pow(lambda - least, 2);
  }

  private static NDList divided(HeadFixture f, double[] lambda) {
    float[] factors = new float[lambda.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = (float) (1 / lambda[i]);
    }
    NDArray column = f.manager.create(factors, new Shape(factors.length, 1));
    return new NDList(f.hidden.mul(column), f.weight);
  }

  private static void set(NDArray array, float value) {
    try (NDArray fresh = array.getManager().full(array.getShape(), value)) {
      fresh.copyTo(array);
    }
  }
}
