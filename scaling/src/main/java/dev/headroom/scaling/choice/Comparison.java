package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.plan.ChinchillaPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleBiFunction;

/**
 * Sets two recipes against each other by the curves of one law fitted to each.
 *
 * <p>The scale is the law's variable or, for {@code chinchilla}, the budget in FLOPs, each recipe
 * at its own best split of it. Intervals are percentiles over pairs of draws from both fits, taken
 * as independent; a draw without a crossing counts as one at infinity, a loss that cannot be
 * reached as a multiplier of infinity.
 */
public final class Comparison {

  private static final int DRAWS = 500;
  private static final int STEPS = 200;
  private static final int HALVINGS = 60;

  /** Logarithm of the largest multiplier looked for. */
  private static final double MOST = Math.log(1e9);

  private final Fit first;
  private final Fit second;
  private final double level;
  private final double[][] firstDraws;
  private final double[][] secondDraws;

  /**
   * Takes two fits of one law.
   *
   * @throws IllegalArgumentException for different laws, and for a law that has neither one
   *     variable nor the name chinchilla
   */
  public Comparison(Fit first, Fit second, double level, long seed) {
    this.first = first;
    this.second = second;
    this.level = level;
    String name = first.law().name();
    if (!name.equals(second.law().name())) {
      throw new IllegalArgumentException(
          "laws: " + name + ", " + second.law().name() + " (expected: one and the same)");
    }
    if (first.law().variables().size() != 1 && !name.equals("chinchilla")) {
      throw new IllegalArgumentException(
          "law: " + name + " (expected: a law of one variable, or chinchilla)");
    }
    this.firstDraws = draws(first, seed);
    this.secondDraws = draws(second, seed + 1);
  }

  private static double[][] draws(Fit fit, long seed) {
    boolean some = fit.covariance().length > 0 || fit.samples().length > 0;
    double[][] draws = some ? fit.draw(DRAWS, seed) : new double[0][];
    return Arrays.stream(draws).filter(theta -> valid(fit, theta)).toArray(double[][]::new);
  }

  private static boolean valid(Fit fit, double[] theta) {
    return !fit.law().name().equals("chinchilla")
        || (theta[1] > 0 && theta[2] > 0 && theta[3] > 0 && theta[4] > 0);
  }

  private boolean isJoint() {
    return first.law().name().equals("chinchilla");
  }

  private DoubleUnaryOperator curve(double[] theta) {
    if (isJoint()) {
      ChinchillaPlan plan = new ChinchillaPlan(theta);
      return scale -> plan.optimum(scale).loss();
    }
    return scale -> first.law().value(new double[] {scale}, theta);
  }

  private Estimate estimate(String name, ToDoubleBiFunction<double[], double[]> number) {
    double[] values = new double[Math.min(firstDraws.length, secondDraws.length)];
    for (int k = 0; k < values.length; k++) {
      values[k] = number.applyAsDouble(firstDraws[k], secondDraws[k]);
    }
    Arrays.sort(values);
    double tail = (1 - level) / 2;
    return new Estimate(
        name,
        number.applyAsDouble(first.theta(), second.theta()),
        rank(values, tail),
        rank(values, 1 - tail));
  }

  /** Nearest rank: values may be infinite, so nothing is interpolated. */
  private static double rank(double[] sorted, double probability) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[(int) Math.round(probability * (sorted.length - 1))];
  }

  /** Returns the loss of the second recipe less that of the first at a scale. */
  public Estimate difference(double scale) {
    return estimate(
        "difference", (a, b) -> curve(b).applyAsDouble(scale) - curve(a).applyAsDouble(scale));
  }

  /** Returns the difference of the losses at infinite scale; NaN for a law without a floor. */
  public Estimate asymptotes() {
    if (!first.law().parameters().get(0).name().equals("E")) {
      return new Estimate("asymptote difference", Double.NaN, Double.NaN, Double.NaN);
    }
    return estimate("asymptote difference", (a, b) -> b[0] - a[0]);
  }

  /** Returns the first scale at which the curves cross; infinite where they do not. */
  public Estimate crossing(double from, double to) {
    if (!(from > 0 && from < to && to <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "scales: " + from + " to " + to + " (expected: ascending, finite, above 0)");
    }
    return estimate("crossing", (a, b) -> crossing(curve(a), curve(b), from, to));
  }

  /** Returns the share of draws in which the curves cross. */
  public double crossingShare(double from, double to) {
    int crossed = 0;
    int count = Math.min(firstDraws.length, secondDraws.length);
    for (int k = 0; k < count; k++) {
      double at = crossing(curve(firstDraws[k]), curve(secondDraws[k]), from, to);
      crossed += Double.isInfinite(at) ? 0 : 1;
    }
    return (double) crossed / count;
  }

  private static double crossing(
      DoubleUnaryOperator a, DoubleUnaryOperator b, double from, double to) {
    DoubleUnaryOperator gap =
        log -> b.applyAsDouble(Math.exp(log)) - a.applyAsDouble(Math.exp(log));
    double step = Math.log(to / from) / STEPS;
    double left = Math.log(from);
    double before = gap.applyAsDouble(left);
    for (int k = 1; k <= STEPS; k++) {
      double right = Math.log(from) + k * step;
      double after = gap.applyAsDouble(right);
      if (before * after < 0) {
        return Math.exp(root(gap, left, right));
      }
      left = right;
      before = after;
    }
    return Double.POSITIVE_INFINITY;
  }

  private static double root(DoubleUnaryOperator f, double from, double to) {
    double low = from;
    double high = to;
    double sign = Math.signum(f.applyAsDouble(low));
    for (int k = 0; k < HALVINGS; k++) {
      double middle = (low + high) / 2;
      if (Math.signum(f.applyAsDouble(middle)) == sign) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /**
   * Returns how many times the scale the second recipe needs for the loss that the first has there:
   * below 1 it is the better one; infinite where it never gets there.
   */
  public Estimate multiplier(double scale) {
    return estimate(
        "multiplier",
        (a, b) -> {
          double loss = curve(a).applyAsDouble(scale);
          DoubleUnaryOperator curve = curve(b);
          DoubleUnaryOperator gap = log -> curve.applyAsDouble(scale * Math.exp(log)) - loss;
          if (gap.applyAsDouble(MOST) > 0) {
            return Double.POSITIVE_INFINITY;
          }
          return gap.applyAsDouble(-MOST) < 0 ? 0 : Math.exp(root(gap, -MOST, MOST));
        });
  }

  /**
   * Returns how many times the tokens the second recipe needs for the first one's loss, with the
   * model that is best for the first at this budget; NaN for laws other than chinchilla.
   */
  public Estimate dataMultiplier(double flops) {
    if (!isJoint()) {
      return new Estimate("data multiplier", Double.NaN, Double.NaN, Double.NaN);
    }
    return estimate(
        "data multiplier",
        (a, b) -> {
          ChinchillaPlan.Split best = new ChinchillaPlan(a).optimum(flops);
          double tokens = new ChinchillaPlan(b).tokensTo(best.loss(), best.params());
          return Double.isNaN(tokens) ? Double.POSITIVE_INFINITY : tokens / best.tokens();
        });
  }

  /** Returns the curve of each recipe at some scales, the first recipe first. */
  public List<double[]> curves(double[] scales) {
    List<double[]> curves = new ArrayList<>();
    for (Fit fit : List.of(first, second)) {
      curves.add(Arrays.stream(scales).map(curve(fit.theta())).toArray());
    }
    return curves;
  }
}
