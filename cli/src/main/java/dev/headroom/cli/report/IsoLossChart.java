package dev.headroom.cli.report;

import dev.headroom.scaling.plan.ChinchillaPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws lines of equal loss and of equal budget over parameters and tokens, and the best path. */
public final class IsoLossChart {

  private static final int POINTS = 160;
  private static final double REACH = 30;

  private IsoLossChart() {}

  /**
   * Draws a law around the best split of a budget.
   *
   * @param flops the budget in the middle; others lie 10 and 100 times lower and 10 times higher
   */
  public static Chart of(ChinchillaPlan law, double flops) {
    double[] budgets = {flops / 100, flops / 10, flops, flops * 10};
    double least = law.optimum(budgets[0]).params() / REACH;
    double most = law.optimum(budgets[3]).params() * REACH;
    double fewest = law.optimum(budgets[0]).tokens() / REACH;
    double furthest = law.optimum(budgets[3]).tokens() * REACH;
    List<Layer> layers = new ArrayList<>();
    double[] bestParams = new double[budgets.length];
    double[] bestTokens = new double[budgets.length];
    for (int k = 0; k < budgets.length; k++) {
      double budget = budgets[k];
      ChinchillaPlan.Split best = law.optimum(budget);
      bestParams[k] = best.params();
      bestTokens[k] = best.tokens();
      double[] params = new double[POINTS];
      double[] loss = new double[POINTS];
      double[] equal = new double[POINTS];
      for (int i = 0; i < POINTS; i++) {
        params[i] = least * Math.pow(most / least, i / (POINTS - 1.0));
        loss[i] = within(law.tokensTo(best.loss(), params[i]), fewest, furthest);
        equal[i] = within(budget / 6 / params[i], fewest, furthest);
      }
      layers.add(
          new Layer.Line(
              String.format(Locale.ROOT, "loss %.3f", best.loss()), k, params, loss, false));
      layers.add(
          new Layer.Line(String.format(Locale.ROOT, "%.2g FLOPs", budget), k, params, equal, true));
    }
    layers.add(new Layer.Line("", 5, bestParams, bestTokens, false));
    layers.add(new Layer.Points("best split", 5, bestParams, bestTokens));
    return new Chart(
        "Equal loss and equal FLOPs",
        String.format(
            Locale.ROOT,
            "Lines of equal loss touch those of equal FLOPs at the best split: %.3g parameters and"
                + " %.3g tokens for %.3g FLOPs.",
            bestParams[2],
            bestTokens[2],
            flops),
        "parameters",
        Scale.LOG,
        "tokens",
        Scale.LOG,
        layers);
  }

  private static double within(double value, double least, double most) {
    return value >= least && value <= most ? value : Double.NaN;
  }
}
