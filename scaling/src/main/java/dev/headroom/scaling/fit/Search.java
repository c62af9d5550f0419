package dev.headroom.scaling.fit;

import dev.headroom.scaling.fit.internal.LevenbergMarquardt;
import dev.headroom.scaling.fit.internal.Residuals;
import dev.headroom.scaling.law.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Refines starts to the best optimum inside the bounds of a law. */
final class Search {

  private static final double TOLERANCE = 1e-13;

  /** Enough to rank starts: a small part of a standard error. */
  private static final double ROUGH = 1e-5;

  /** Enough for a start on all points. */
  private static final double COARSE = 1e-3;

  private static final int FINISHED = 8;
  private static final int EVALUATIONS = 1000;

  /**
   * A point with its objective, in scaled units.
   *
   * @param converged whether it is an optimum
   * @param unique whether no other optimum that was found is as good
   * @param gradientNorm length of the gradient over what is not at a bound
   * @param evaluations evaluations of the objective until here
   * @param polished whether Levenberg-Marquardt gave the last digits
   * @param refined whether the objective is known below the rounding of its residuals
   */
  record Optimum(
      double[] theta,
      double value,
      boolean converged,
      boolean unique,
      double gradientNorm,
      int evaluations,
      boolean polished,
      boolean refined) {

    Optimum judged(boolean one, int more) {
      return new Optimum(theta, value, converged, one, gradientNorm, more, polished, refined);
    }

    Optimum refined(double[] better, double least) {
      return new Optimum(
          better, least, converged, unique, gradientNorm, evaluations, polished, true);
    }
  }

  private Search() {}

  /**
   * Returns the best of all starts, each refined until it converged or could get no further.
   *
   * @throws IllegalArgumentException where no start gives a valid loss at every point
   */
  static Optimum best(ScaledData data, FitOptions options, List<double[]> starts) {
    List<Optimum> coarse = coarse(data, options, starts);
    List<double[]> begun = starts;
    int evaluations = 0;
    if (!coarse.isEmpty()) {
      begun = coarse.stream().map(Optimum::theta).toList();
      evaluations = coarse.get(0).evaluations;
    }
    List<Optimum> rough = refined(data, options, begun, ROUGH);
    List<double[]> finalists = new ArrayList<>();
    List<Optimum> distinct = distinct(data, rough);
    for (Optimum optimum : distinct) {
      finalists.add(optimum.theta);
    }
    List<Optimum> fine = refined(data, options, finalists, TOLERANCE);
    evaluations += rough.get(0).evaluations + fine.get(0).evaluations;
    Optimum best = judged(data, options, fine, evaluations);
    return options.objective().isSquares() ? polish(data, options, best) : best;
  }

  /**
   * Brings every start near an optimum of a few evenly spaced points, where a step costs little: as
   * many starts come back as give a finite loss there; none where there are few points.
   */
  private static List<Optimum> coarse(ScaledData data, FitOptions options, List<double[]> starts) {
    int few = Math.max(40, 10 * data.parameters());
    return data.points < 3 * few ? List.of() : attempts(data.thinned(few), options, starts, COARSE);
  }

  /** Returns the best optima; of some that lie together and are as good, the first. */
  private static List<Optimum> distinct(ScaledData data, List<Optimum> sorted) {
    List<Optimum> kept = new ArrayList<>();
    for (Optimum optimum : sorted) {
      boolean known = false;
      for (Optimum other : kept) {
        known |= isNear(data, optimum.theta, other.theta) && optimum.converged;
      }
      if (!known && kept.size() < FINISHED) {
        kept.add(optimum);
      }
    }
    return kept;
  }

  /**
   * Returns where Levenberg-Marquardt ends from each start, inside the bounds: far from the optimum
   * it keeps to valleys that BFGS leaves for others.
   */
  static List<double[]> marquardt(ScaledData data, FitOptions options, List<double[]> starts) {
    int[] all = new int[starts.get(0).length];
    Arrays.setAll(all, k -> k);
    List<double[]> found = new ArrayList<>();
    for (double[] start : starts) {
      Residuals residuals = reduced(new Misfit(data, options), start, all);
      double[] end = LevenbergMarquardt.minimise(residuals, start.clone(), EVALUATIONS);
      if (end != null && inside(data, end)) {
        found.add(end);
      }
    }
    return found;
  }

  /** Returns the best optimum of all starts to three digits, for use as a start. */
  static double[] rough(ScaledData data, FitOptions options, List<double[]> starts) {
    return refined(data, options, starts, ROUGH).get(0).theta;
  }

  /** Returns the first optimum, marked where another one is as good and lies elsewhere. */
  private static Optimum judged(
      ScaledData data, FitOptions options, List<Optimum> optima, int evaluations) {
    Optimum best = optima.get(0);
    Misfit misfit = new Misfit(data, options);
    misfit.evaluate(best.theta, new double[misfit.parameters]);
    double margin = 1e-9 * misfit.size(best.value) + 100 * misfit.rounding(best.value);
    boolean unique = true;
    for (Optimum other : optima) {
      unique &= other.value > best.value + margin || isNear(data, best.theta, other.theta);
    }
    return best.judged(unique, evaluations);
  }

  private static boolean isNear(ScaledData data, double[] theta, double[] other) {
    boolean near = true;
    for (int i = 0; i < theta.length; i++) {
      near &=
          data.model.parameters.get(i).isLinear()
              || Math.abs(theta[i] - other[i]) <= .01 * Math.max(.01, Math.abs(theta[i]));
    }
    return near;
  }

  private static List<Optimum> refined(
      ScaledData data, FitOptions options, List<double[]> starts, double tolerance) {
    List<Optimum> optima = attempts(data, options, starts, tolerance);
    if (optima.isEmpty()) {
      throw new IllegalArgumentException(
          "starts: "
              + starts.size()
              + ", none gives a finite loss at every point (expected: at least one; check the"
              + " units and leave out losses that are far from the others)");
    }
    return optima;
  }

  /** Refines each start; the best first, and with it all evaluations. */
  private static List<Optimum> attempts(
      ScaledData data, FitOptions options, List<double[]> starts, double tolerance) {
    Bfgs bfgs = new Bfgs(new Misfit(data, options), lower(data), upper(data));
    List<Optimum> optima = new ArrayList<>();
    for (double[] start : starts) {
      boolean converged = bfgs.minimise(start, tolerance);
      if (bfgs.value() < Double.POSITIVE_INFINITY) {
        double norm = bfgs.gradientNorm();
        double[] theta = bfgs.point().clone();
        optima.add(new Optimum(theta, bfgs.value(), converged, true, norm, 0, false, false));
      }
    }
    optima.sort(Comparator.comparingDouble(Optimum::value));
    if (!optima.isEmpty()) {
      optima.set(0, optima.get(0).judged(true, bfgs.evaluations()));
    }
    return optima;
  }

  /**
   * Takes least squares to the last digits by Levenberg-Marquardt over the parameters that are not
   * at a bound; keeps the given optimum where that leaves the bounds or gains nothing.
   */
  private static Optimum polish(ScaledData data, FitOptions options, Optimum optimum) {
    int[] free = free(data, optimum.theta);
    Misfit misfit = new Misfit(data, options);
    double[] start = new double[free.length];
    for (int k = 0; k < free.length; k++) {
      start[k] = optimum.theta[free[k]];
    }
    double[] found =
        LevenbergMarquardt.minimise(reduced(misfit, optimum.theta, free), start, EVALUATIONS);
    if (found == null) {
      return optimum;
    }
    double[] theta = optimum.theta.clone();
    for (int k = 0; k < free.length; k++) {
      theta[free[k]] = found[k];
    }
    double[] gradient = new double[theta.length];
    double value = misfit.evaluate(theta, gradient);
    boolean better = value <= optimum.value * (1 + 1e-12) && inside(data, theta);
    double norm = 0;
    for (int k : free) {
      norm = Math.hypot(norm, gradient[k]);
    }
    return better
        ? new Optimum(
            theta, value, optimum.converged, optimum.unique, norm, optimum.evaluations, true, false)
        : optimum;
  }

  private static Residuals reduced(Misfit misfit, double[] at, int[] free) {
    double[] theta = at.clone();
    int rows = misfit.rows();
    double[][] full = new double[rows][theta.length];
    return new Residuals() {
      @Override
      public int points() {
        return rows;
      }

      @Override
      public void evaluate(double[] part, double[] out, double[][] jacobian) {
        for (int k = 0; k < free.length; k++) {
          theta[free[k]] = part[k];
        }
        misfit.residuals(theta, out, full);
        misfit.weighRows(out, full);
        for (int i = 0; i < out.length; i++) {
          for (int k = 0; k < free.length; k++) {
            jacobian[i][k] = full[i][free[k]];
          }
        }
      }
    };
  }

  /** Returns the parameters that are not at a bound. */
  static int[] free(ScaledData data, double[] theta) {
    int[] free = new int[theta.length];
    int count = 0;
    for (int i = 0; i < theta.length; i++) {
      Parameter parameter = data.model.parameters.get(i);
      if (theta[i] > parameter.lower() && theta[i] < parameter.upper()) {
        free[count++] = i;
      }
    }
    return Arrays.copyOf(free, count);
  }

  private static boolean inside(ScaledData data, double[] theta) {
    for (int i = 0; i < theta.length; i++) {
      Parameter parameter = data.model.parameters.get(i);
      if (!(theta[i] >= parameter.lower() && theta[i] <= parameter.upper())) {
        return false;
      }
    }
    return true;
  }

  static double[] lower(ScaledData data) {
    double[] lower = new double[data.model.parameters.size()];
    for (int i = 0; i < lower.length; i++) {
      lower[i] = data.model.parameters.get(i).lower();
    }
    return lower;
  }

  static double[] upper(ScaledData data) {
    double[] upper = new double[data.model.parameters.size()];
    for (int i = 0; i < upper.length; i++) {
      upper[i] = data.model.parameters.get(i).upper();
    }
    return upper;
  }
}
