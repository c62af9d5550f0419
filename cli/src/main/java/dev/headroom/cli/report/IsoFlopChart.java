package dev.headroom.cli.report;

import dev.headroom.scaling.plan.Allocation;
import dev.headroom.scaling.plan.Sweep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

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
    List<Double> budgets = List.copyOf(new TreeSet<>(boxed(sweep.flops())));
    int step = (budgets.size() + MOST_BUDGETS - 1) / MOST_BUDGETS;
    for (int k = 0; k < budgets.size(); k += step) {
      double budget = budgets.get(k);
      double[][] points = points(sweep, budget);
      String name = String.format(Locale.ROOT, "%.2g FLOPs", budget);
      layers.add(new Layer.Line("", k / step % COLOURS, points[0], points[1], false));
      layers.add(new Layer.Points(name, k / step % COLOURS, points[0], points[1]));
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

  private static List<Double> boxed(double[] values) {
    List<Double> boxed = new ArrayList<>();
    for (double value : values) {
      boxed.add(value);
    }
    return boxed;
  }

  private static double[][] points(Sweep sweep, double budget) {
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < sweep.loss().length; i++) {
      if (sweep.flops()[i] == budget) {
        points.add(new double[] {sweep.params()[i], sweep.loss()[i]});
      }
    }
    points.sort((p, q) -> Double.compare(p[0], q[0]));
    return new double[][] {
      points.stream().mapToDouble(p -> p[0]).toArray(),
      points.stream().mapToDouble(p -> p[1]).toArray()
    };
  }
}
