package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Follows the objective over one parameter, all others refitted at each value.
 *
 * <p>The interval ends where the objective has risen by {@code t^2 / 2} times the dispersion, t of
 * Student with the degrees of freedom (Venzon and Moolgavkar 1988, Applied Statistics 37; Bates and
 * Watts 1988, section 6.1.2). Prefactors are followed on their logarithm.
 */
final class Profiler {

  private static final int STEPS = 30;
  private static final double GROWTH = 1.35;
  private static final int HALVINGS = 40;
  private static final double TOLERANCE = 1e-10;

  private final Model model;
  private final List<Observations> sets;
  private final FitOptions options;
  private final double[] estimate;

  /** Makes the profiler around an optimum, in the units of the data as given. */
  Profiler(Model model, List<Observations> sets, FitOptions options, double[] estimate) {
    this.model = model;
    this.sets = sets;
    this.options = options;
    this.estimate = estimate;
  }

  /** Returns the profile of one free parameter. */
  Profile of(int parameter) {
    return new Walk(parameter).profile();
  }

  /** One point of a curve: all parameters in scaled units, and the objective. */
  private record Point(double[] theta, double value) {}

  private final class Walk {
    private final int held;
    private final Parameter parameter;
    private final boolean logarithmic;
    private final ScaledData data;
    private final double[] lower;
    private final double[] upper;
    private final Misfit misfit;
    private final TreeMap<Double, Point> points = new TreeMap<>();
    private final double threshold;
    private final double step;

    Walk(int held) {
      this.held = held;
      this.parameter = model.parameters.get(held);
      ScaledData pinned = ScaledData.of(model.pinning(held), sets);
      double[] theta = pinned.scaled(estimate);
      Dispersion dispersion = Dispersion.of(new Misfit(pinned, options), theta);
      this.data = pinned.with(dispersion);
      this.lower = Search.lower(data);
      this.upper = Search.upper(data);
      this.misfit = new Misfit(data, options);
      double value = misfit.evaluate(theta, new double[theta.length]);
      int freedom = data.points - theta.length;
      double t = StudentT.twoSided(options.level(), Math.max(1, freedom));
      this.threshold = value + .5 * t * t * dispersion.unit();
      this.logarithmic = parameter.kind() == Parameter.Kind.PREFACTOR && theta[held] > 0;
      this.step = .4 * t * deviation(theta);
      points.put(theta[held], new Point(theta, value));
    }

    /** Returns the standard error if the others kept their values: a short first step. */
    private double deviation(double[] theta) {
      double[] diagonal = new double[theta.length];
      misfit.diagonal(theta, diagonal);
      double error = Math.sqrt(data.dispersion.unit() / diagonal[held]);
      double size = logarithmic ? 1 : Math.max(.01, Math.abs(theta[held]));
      double scaled = logarithmic ? error / theta[held] : error;
      return scaled > 0 && scaled < size ? scaled : .1 * size;
    }

    Profile profile() {
      Point best = points.firstEntry().getValue();
      double low = end(best, -1);
      double high = end(best, 1);
      double[] values = new double[points.size()];
      double[] objectives = new double[values.length];
      double[][] thetas = new double[values.length][];
      int next = 0;
      for (Point point : points.values()) {
        values[next] = point.theta[held];
        objectives[next] = data.original(options.objective(), point.value);
        thetas[next] = new double[model.law.parameters().size()];
        model.expand(data.original(point.theta), 0, thetas[next++]);
      }
      return new Profile(
          new Estimate(parameter.name(), best.theta[held], low, high),
          values,
          objectives,
          thetas,
          data.original(options.objective(), threshold),
          Double.isNaN(low),
          Double.isNaN(high),
          moving());
    }

    /** Walks until the objective is above the threshold; NaN where it never is. */
    private double end(Point best, int side) {
      Point inner = best;
      double length = step;
      for (int k = 0; k < STEPS; k++) {
        double value = moved(inner.theta[held], side * length);
        boolean last = value <= parameter.lower() || value >= parameter.upper();
        Point outer = refit(inner, Math.max(parameter.lower(), Math.min(parameter.upper(), value)));
        if (outer.value > threshold) {
          return crossing(inner, outer);
        }
        if (last || outer.theta[held] == inner.theta[held]) {
          return Double.NaN;
        }
        inner = outer;
        length *= GROWTH;
      }
      return Double.NaN;
    }

    /** Halves until the objective is near the threshold; the curve's root is nearly a line. */
    private double crossing(Point below, Point above) {
      Point inner = below;
      Point outer = above;
      double near = 1e-4 * data.dispersion.unit();
      for (int k = 0; k < HALVINGS; k++) {
        double from = coordinate(inner.theta[held]);
        double to = coordinate(outer.theta[held]);
        double share = .5;
        if (k % 3 != 2 && outer.value < Double.POSITIVE_INFINITY) {
          share = (threshold - inner.value) / (outer.value - inner.value);
          share = Math.max(.02, Math.min(.98, share));
        }
        Point middle = refit(inner, value(from + share * (to - from)));
        if (Math.abs(middle.value - threshold) < near || Math.abs(to - from) < 1e-12) {
          return middle.theta[held];
        }
        inner = middle.value > threshold ? inner : middle;
        outer = middle.value > threshold ? middle : outer;
      }
      return inner.theta[held];
    }

    private Point refit(Point near, double value) {
      double[] start = near.theta.clone();
      start[held] = value;
      lower[held] = value;
      upper[held] = value;
      Bfgs bfgs = new Bfgs(misfit, lower, upper);
      bfgs.minimise(start, TOLERANCE);
      Point point = new Point(bfgs.point().clone(), bfgs.value());
      if (point.value < Double.POSITIVE_INFINITY) {
        points.put(value, point);
      }
      return point;
    }

    private double moved(double value, double by) {
      return value(coordinate(value) + by);
    }

    private double coordinate(double value) {
      return logarithmic ? Math.log(value) : value;
    }

    private double value(double coordinate) {
      return logarithmic ? Math.exp(coordinate) : coordinate;
    }

    private List<String> moving() {
      List<String> names = new ArrayList<>();
      for (int j = 0; j < model.size(); j++) {
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (Point point : points.values()) {
          if (point.value <= threshold) {
            least = Math.min(least, Math.abs(point.theta[j]));
            most = Math.max(most, Math.abs(point.theta[j]));
          }
        }
        if (j != held && most > 3 * least) {
          names.add(model.parameters.get(j).name());
        }
      }
      return names;
    }
  }
}
