package dev.headroom.cli.report;

import dev.headroom.scaling.plan.Allocation;
import dev.headroom.scaling.plan.Sweep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Draws the loss of each size at each budget, and the best sizes. */
public final class IsoFlopChart {

  private static final int MOST_BUDGETS = 12;
  private static final int COLOURS = 6;

  private IsoFlopChart() {}

  /**
   * Draws a sweep.
   *
   * @param minima the best size of each budget; may be null
   */
  public static Chart of(Sweep sweep, Allocation minima) {
    List<Layer> layers = new ArrayList<>();
    List<List<Sweep.Point>> budgets = sweep.budgets();
    int step = (budgets.size() + MOST_BUDGETS - 1) / MOST_BUDGETS;
    for (int k = 0; k < budgets.size(); k += step) {
      List<Sweep.Point> budget = budgets.get(k);
      double[] size = budget.stream().mapToDouble(Sweep.Point::params).toArray();
      double[] at = budget.stream().mapToDouble(Sweep.Point::loss).toArray();
      String name = String.format(Locale.ROOT, "%.2g FLOPs", budget.get(0).flops());
      layers.add(new Layer.Line("", k / step % COLOURS, size, at, false));
      layers.add(new Layer.Points(name, k / step % COLOURS, size, at));
    }
    String alt = "Loss against parameters at " + budgets.size() + " budgets";
    if (minima != null) {
      double[] n = minima.optima().stream().mapToDouble(Allocation.Optimum::params).toArray();
      double[] loss = minima.optima().stream().mapToDouble(Allocation.Optimum::loss).toArray();
      layers.add(new Layer.Line("minima", 5, n, loss, true));
      alt +=
          String.format(Locale.ROOT, "; the best size grows as C^%.3f", minima.exponent().value());
    }
    return new Chart(
        "Loss of each size at each budget",
        alt + ".",
        "parameters",
        Scale.LOG,
        "loss, nats per token",
        Scale.LOG,
        layers);
  }
}
