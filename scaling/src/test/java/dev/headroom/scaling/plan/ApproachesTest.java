package dev.headroom.scaling.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.Laws;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApproachesTest {

  private static final double[] THETA = {1.7, 400, 410, .34, .28};

  /** Exact losses of a Chinchilla law on a grid of sizes, the same at each budget. */
  private static Sweep exact(double ratio) {
    List<double[]> rows = new ArrayList<>();
    ChinchillaPlan plan = new ChinchillaPlan(THETA);
    for (double flops = 1e18; flops < 2e21; flops *= 4) {
      double centre = plan.optimum(flops).params();
      for (int k = -30; k <= 30; k++) {
        double n = Math.pow(ratio, Math.rint(Math.log(centre) / Math.log(ratio)) + k);
        if (Math.abs(Math.log(n / centre)) < Math.log(12)) {
          rows.add(new double[] {flops, n, plan.loss(n, flops / 6 / n)});
        }
      }
    }
    return Sweep.of(column(rows, 0), column(rows, 1), column(rows, 2));
  }

  private static double[] column(List<double[]> rows, int k) {
    return rows.stream().mapToDouble(row -> row[k]).toArray();
  }

  @Test
  void allApproachesFindTheExponentOfAnExactLaw() {
    Sweep sweep = exact(1.25);
    double truth = .28 / (.28 + .34);
    Allocation akima = Approaches.profiles(sweep, Approaches.Curve.AKIMA, .95);
    assertEquals(truth, akima.exponent().value(), .003);
    Allocation parabola = Approaches.profiles(sweep, Approaches.Curve.PARABOLA, .95);
    assertEquals(truth, parabola.exponent().value(), .01);
    assertEquals(truth, Approaches.envelope(sweep, .95).exponent().value(), .01);
    double[][] x = new double[sweep.loss().length][];
    for (int i = 0; i < x.length; i++) {
      x[i] = new double[] {sweep.params()[i], sweep.tokens()[i]};
    }
    Fit fit =
        Fitter.fit(
            Laws.named("chinchilla"), new Observations(x, sweep.loss()), FitOptions.defaults());
    Allocation parametric = Approaches.parametric(fit, .95);
    assertEquals(truth, parametric.exponent().value(), 1e-4);
    assertEquals(new ChinchillaPlan(THETA).optimum(1e20).params(), parametric.params(1e20), 1e6);
    assertNull(Approaches.disagreement(parabola, parametric));
    assertEquals(sweep.budgets().size(), akima.optima().size());
  }

  @Test
  void leavesOutABudgetWhoseBestSizeIsAtAnEnd() {
    Sweep sweep = exact(1.5);
    double[] loss = sweep.loss();
    for (int i = 0; i < loss.length; i++) {
      loss[i] = sweep.flops()[i] < 2e18 ? 4 + 1e-9 * sweep.params()[i] : loss[i];
    }
    Sweep changed = Sweep.of(sweep.flops(), sweep.params(), loss);
    for (Approaches.Curve curve : Approaches.Curve.values()) {
      Allocation found = Approaches.profiles(changed, curve, .95);
      assertEquals(changed.budgets().size() - 1, found.optima().size());
      assertTrue(found.notes().get(0).contains("at an end"), found.notes().toString());
    }
  }

  @Test
  void refusesASweepWithTooFewBudgets() {
    double[] flops = {1e18, 1e18, 1e18, 1e19, 1e19, 1e19};
    double[] params = {1e8, 2e8, 4e8, 2e8, 4e8, 8e8};
    double[] loss = {3.2, 3.1, 3.3, 3.0, 2.9, 3.1};
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Approaches.profiles(Sweep.of(flops, params, loss), Approaches.Curve.PARABOLA, .95));
    assertTrue(e.getMessage().contains("2 budgets"), e.getMessage());
    loss[2] = Double.NaN;
    Exception bad =
        assertThrows(IllegalArgumentException.class, () -> Sweep.of(flops, params, loss));
    assertTrue(bad.getMessage().contains("row 3 loss: NaN"), bad.getMessage());
  }

  @Test
  void namesTheBiasWhereApproachesDisagree() {
    Allocation second = straight(.56);
    String words = Approaches.disagreement(second, straight(.50));
    assertTrue(words.contains("symmetric in log N"), words);
    assertNull(Approaches.disagreement(second, straight(.52)));
  }

  private static Allocation straight(double exponent) {
    List<Allocation.Optimum> optima = new ArrayList<>();
    for (double c = 1e18; c < 1e21; c *= 10) {
      optima.add(new Allocation.Optimum(c, Math.pow(c, exponent), 3));
    }
    return Approaches.line("2, parabola", optima, List.of(), .95);
  }
}
