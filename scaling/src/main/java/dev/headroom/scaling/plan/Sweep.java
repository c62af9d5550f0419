package dev.headroom.scaling.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Holds runs of several sizes at several budgets.
 *
 * @param flops training FLOPs of each run
 * @param params parameters of each run
 * @param tokens tokens of each run
 * @param loss final loss of each run
 */
public record Sweep(double[] flops, double[] params, double[] tokens, double[] loss) {

  /** Budgets within this ratio count as one: published ones are rounded. */
  private static final double SAME_BUDGET = 1.1;

  public Sweep {
    flops = checked("flops", flops, loss.length);
    params = checked("params", params, loss.length);
    tokens = checked("tokens", tokens, loss.length);
    loss = checked("loss", loss, loss.length);
  }

  /** Returns a sweep whose tokens follow from {@code C = 6 N D}. */
  public static Sweep of(double[] flops, double[] params, double[] loss) {
    double[] tokens = new double[Math.min(flops.length, params.length)];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = flops[i] / (6 * params[i]);
    }
    return new Sweep(flops, params, tokens, loss);
  }

  /**
   * One run.
   *
   * @param flops training FLOPs
   * @param params parameters
   * @param loss final loss
   */
  public record Point(double flops, double params, double loss) {}

  /**
   * Returns the best run of each size at each budget, ascending in budget and, within one, in
   * parameters.
   */
  public List<List<Point>> budgets() {
    List<Point> points = points();
    points.sort(Comparator.comparingDouble(Point::flops));
    List<List<Point>> budgets = new ArrayList<>();
    for (Point point : points) {
      if (budgets.isEmpty() || point.flops > SAME_BUDGET * last(budgets).get(0).flops) {
        budgets.add(new ArrayList<>());
      }
      last(budgets).add(point);
    }
    budgets.replaceAll(Sweep::bestOfEachSize);
    return budgets;
  }

  /** Returns all runs. */
  List<Point> points() {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < loss.length; i++) {
      points.add(new Point(flops[i], params[i], loss[i]));
    }
    return points;
  }

  /** Of runs of one size, which differ in their tuning, the best counts. */
  private static List<Point> bestOfEachSize(List<Point> points) {
    points.sort(Comparator.comparingDouble(Point::params).thenComparingDouble(Point::loss));
    List<Point> best = new ArrayList<>();
    for (Point point : points) {
      if (best.isEmpty() || point.params > best.get(best.size() - 1).params) {
        best.add(point);
      }
    }
    return best;
  }

  private static List<Point> last(List<List<Point>> budgets) {
    return budgets.get(budgets.size() - 1);
  }

  private static double[] checked(String name, double[] values, int length) {
    if (values.length != length) {
      throw new IllegalArgumentException(
          name + " length: " + values.length + " (expected: " + length + ", one a run)");
    }
    for (int i = 0; i < length; i++) {
      if (!(values[i] > 0 && values[i] <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "row " + (i + 1) + " " + name + ": " + values[i] + " (expected: finite, above 0)");
      }
    }
    return values.clone();
  }
}
