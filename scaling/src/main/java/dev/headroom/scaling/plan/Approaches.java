package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.internal.Quantiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds how the best number of parameters grows with the budget, {@code N* = k C^a}.
 *
 * <p>Approach 1 takes the best run at each budget; approach 2 the least point of a curve through
 * the runs of each budget; approach 3 the optimum of a fitted Chinchilla law. A line in logarithms
 * goes through the best models of 1 and 2. A parabola is even in log N around its minimum while the
 * loss is not, so where sizes lie to one side of the optimum it is drawn off and the exponent with
 * it; Akima's curve is not.
 *
 * <p>Source: Hoffmann et al. 2022 (arXiv 2203.15556), sections 3.1 to 3.3; Akima in log-log after
 * Porian et al. 2024 (arXiv 2406.19146), section 2.
 */
public final class Approaches {

  /** From this difference of exponents on, approaches 2 and 3 disagree. */
  public static final double DISAGREEMENT = .05;

  private static final int ENVELOPE_STEPS = 200;
  private static final int DRAWS = 2000;

  /** How a curve goes through the runs of one budget. */
  public enum Curve {
    /** A parabola in log N through the five sizes around the best. */
    PARABOLA,
    /** Akima's piecewise cubic through all sizes. */
    AKIMA
  }

  private Approaches() {}

  /**
   * Approach 2: a curve through the runs of each budget, a line through their minima.
   *
   * @throws IllegalArgumentException where fewer than three budgets have their minimum inside
   */
  public static Allocation profiles(Sweep sweep, Curve curve, double level) {
    List<Allocation.Optimum> optima = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    for (List<Sweep.Point> budget : sweep.budgets()) {
      double[] x = budget.stream().mapToDouble(p -> Math.log(p.params())).toArray();
      double[] y = budget.stream().mapToDouble(p -> Math.log(p.loss())).toArray();
      double flops = budget.get(0).flops();
      double[] least = null;
      if (x.length >= 3) {
        least = curve == Curve.AKIMA ? Profile.akima(x, y) : Profile.parabola(x, y);
      }
      if (least == null) {
        String why = x.length < 3 ? "fewer than three sizes" : "the best size lies at an end";
        notes.add(String.format(Locale.ROOT, "budget %.4g left out: %s", flops, why));
      } else {
        optima.add(new Allocation.Optimum(flops, Math.exp(least[0]), Math.exp(least[1])));
      }
    }
    return line(curve == Curve.AKIMA ? "2, Akima" : "2, parabola", optima, notes, level);
  }

  /**
   * Approach 1: the best of the runs themselves along the budgets.
   *
   * <p>Between the budgets of one size its log-loss is interpolated in log C; at {@value
   * #ENVELOPE_STEPS} budgets over the range the size with the least loss counts. The first and last
   * size on the envelope are left out: nothing shows where they would be overtaken.
   *
   * @throws IllegalArgumentException where fewer than three sizes lie on the envelope
   */
  public static Allocation envelope(Sweep sweep, double level) {
    Map<Double, List<Sweep.Point>> bySize = new TreeMap<>();
    for (Sweep.Point point : sweep.points()) {
      bySize.computeIfAbsent(point.params(), key -> new ArrayList<>()).add(point);
    }
    bySize.values().forEach(p -> p.sort(Comparator.comparingDouble(Sweep.Point::flops)));
    double from = Math.log(Arrays.stream(sweep.flops()).min().orElse(1));
    double to = Math.log(Arrays.stream(sweep.flops()).max().orElse(1));
    List<Allocation.Optimum> all = new ArrayList<>();
    for (int k = 0; k <= ENVELOPE_STEPS; k++) {
      double flops = Math.exp(from + (to - from) * k / ENVELOPE_STEPS);
      Allocation.Optimum best = best(bySize, flops);
      if (best != null) {
        all.add(best);
      }
    }
    List<Allocation.Optimum> inner = new ArrayList<>();
    for (Allocation.Optimum optimum : all) {
      double first = all.get(0).params();
      double last = all.get(all.size() - 1).params();
      if (optimum.params() != first && optimum.params() != last) {
        inner.add(optimum);
      }
    }
    return line("1, envelope", steps(inner), List.of(), level);
  }

  /** Each size once, in the middle (in log C) of the budgets at which it is best. */
  private static List<Allocation.Optimum> steps(List<Allocation.Optimum> envelope) {
    Map<Double, List<Allocation.Optimum>> bySize = new TreeMap<>();
    for (Allocation.Optimum optimum : envelope) {
      bySize.computeIfAbsent(optimum.params(), key -> new ArrayList<>()).add(optimum);
    }
    List<Allocation.Optimum> steps = new ArrayList<>();
    for (List<Allocation.Optimum> of : bySize.values()) {
      steps.add(of.get(of.size() / 2));
    }
    return steps;
  }

  private static Allocation.Optimum best(Map<Double, List<Sweep.Point>> bySize, double flops) {
    Allocation.Optimum best = null;
    for (Map.Entry<Double, List<Sweep.Point>> size : bySize.entrySet()) {
      double loss = interpolated(size.getValue(), flops);
      if (!Double.isNaN(loss) && (best == null || loss < best.loss())) {
        best = new Allocation.Optimum(flops, size.getKey(), loss);
      }
    }
    return best;
  }

  private static double interpolated(List<Sweep.Point> points, double flops) {
    for (int i = 0; i + 1 < points.size(); i++) {
      Sweep.Point low = points.get(i);
      Sweep.Point high = points.get(i + 1);
      if (low.flops() <= flops && flops <= high.flops() && low.flops() < high.flops()) {
        double share = Math.log(flops / low.flops()) / Math.log(high.flops() / low.flops());
        return low.loss() * Math.pow(high.loss() / low.loss(), share);
      }
    }
    return Double.NaN;
  }

  /**
   * Approach 3: the optimum of a fitted Chinchilla law at {@code C = 6 N D}, {@code a = b/(a+b)} of
   * its exponents.
   *
   * @param fit a fit of the law {@code chinchilla}
   */
  public static Allocation parametric(Fit fit, double level) {
    ChinchillaPlan plan = new ChinchillaPlan(fit.theta());
    double[] exponents = new double[0];
    if (fit.covariance().length > 0 || fit.samples().length > 0) {
      double[][] draws = fit.samples().length > 0 ? fit.samples() : fit.draw(DRAWS, 1);
      exponents = Arrays.stream(draws).mapToDouble(t -> t[4] / (t[3] + t[4])).sorted().toArray();
    }
    double tail = (1 - level) / 2;
    Estimate exponent =
        new Estimate(
            "exponent",
            plan.exponent(),
            Quantiles.of(exponents, tail),
            Quantiles.of(exponents, 1 - tail));
    double coefficient = plan.optimum(1).params();
    return new Allocation("3, E + A/N^a + B/D^b", exponent, coefficient, List.of(), fit.warnings());
  }

  /** Says where two approaches disagree, and why; null where they do not. */
  public static String disagreement(Allocation second, Allocation third) {
    double difference = second.exponent().value() - third.exponent().value();
    if (!(Math.abs(difference) > DISAGREEMENT)) {
      return null;
    }
    String why =
        second.method().contains("parabola")
            ? "a parabola is symmetric in log N and the loss is not, which draws it off where sizes"
                + " are spread wide or to one side of the best"
            : "Akima's curve goes through every run, so noise moves its minima";
    return String.format(
        Locale.ROOT,
        "approaches %s and 3 disagree, exponents %.4f and %.4f: %s; approach 3 supposes that one"
            + " law holds at every budget",
        second.method(),
        second.exponent().value(),
        third.exponent().value(),
        why);
  }

  /**
   * Fits the line through the best models of some budgets.
   *
   * @throws IllegalArgumentException for fewer than three
   */
  public static Allocation line(
      String method, List<Allocation.Optimum> optima, List<String> notes, double level) {
    if (optima.size() < 3) {
      throw new IllegalArgumentException(
          "approach "
              + method
              + ": "
              + optima.size()
              + " budgets with a minimum (expected: at least 3 with sizes on both sides of it)");
    }
    LogLine line =
        LogLine.through(
            optima.stream().mapToDouble(Allocation.Optimum::flops).toArray(),
            optima.stream().mapToDouble(Allocation.Optimum::params).toArray(),
            level);
    return new Allocation(method, line.slope(), Math.exp(line.intercept()), optima, notes);
  }
}
