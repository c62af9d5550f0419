package dev.headroom.head;

import static dev.headroom.head.NllLossesTest.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.headroom.head.HeadFixture.Outcome;
import dev.headroom.head.RowTruth.Row;
import dev.headroom.head.internal.ErrorBudget;
import dev.headroom.head.losses.LabelSmoothing;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class LabelSmoothingTest {

  @Test
  void smoothingOfOtherClassesIsThatOfMegatron() {
    try (HeadFixture f = new HeadFixture(5, 4, 13)) {
      double eps = 0.15;
      HeadOptions options =
          f.options()
              .withLabelSmoothing(LabelSmoothing.ofOtherClasses(eps, 13))
              .withReduction(Reduction.SUM);
      Outcome actual = f.run(new HeadLoss(options), f.targets(), f.predictions());
      // the vocabulary in shards, of which each gives its sums
      ToDoubleFunction<List<Row>> total =
          rows -> {
            double loss = 0;
            for (Row row : rows) {
              for (int begin = 0; begin < 13; begin += 5) {
                for (int v = begin; v < Math.min(13, begin + 5); v++) {
                  double weight = v == row.target() ? 1 - eps : eps / 12;
                  loss -= weight * (row.z()[v] - row.lse());
                }
              }
            }
            return loss;
          };
      RowTruth truth = new RowTruth(f, options);
      assertEquals(total.applyAsDouble(truth.rows()), actual.loss()[0], 2e-5);
      truth.check("smoothing", total, actual, ErrorBudget.GRADIENT_FLOAT32);
    }
    assertEquals(0, LabelSmoothing.ofOtherClasses(0, 2));
    refused(
        "eps: 0.5 (expected: 0 to 1/2, exclusive)", () -> LabelSmoothing.ofOtherClasses(0.5, 2));
    refused("classes: 1 (expected: at least 2)", () -> LabelSmoothing.ofOtherClasses(0.1, 1));
  }
}
