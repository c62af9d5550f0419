package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Fits a law to observations.
 *
 * <p>Every call is a function of its arguments alone: the same for any number of threads. Squares
 * go through BFGS and Levenberg-Marquardt, the other objectives through BFGS, more than {@value
 * Bfgs#DENSE} parameters through L-BFGS; {@link Fit#diagnostics} says which.
 */
public final class Fitter {

  private Fitter() {}

  /**
   * Fits a law from starts found by variable projection on the law's grid.
   *
   * @throws IllegalArgumentException for fewer points than parameters, a number outside the domain
   *     of the law, naming row and value, and for constraints that do not suit the law
   */
  public static Fit fit(Law law, Observations data, FitOptions options) {
    Model model = Model.of(law, options.constraints());
    return new Problem(model, List.of(data), options).fit().get(0);
  }

  /**
   * Fits a law from all of the given starts, none skipped, and keeps the best optimum.
   *
   * @param starts parameters in the law's order, for the variables as given; constraints replace
   *     the numbers of fixed and tied ones
   * @throws IllegalArgumentException as for {@link #fit}, for no start, and where no start gives a
   *     valid loss at every point
   */
  public static Fit fitFrom(Law law, Observations data, FitOptions options, List<double[]> starts) {
    Model model = Model.of(law, options.constraints());
    List<double[]> free = new ArrayList<>();
    for (double[] start : starts) {
      if (start.length != law.parameters().size()) {
        throw new IllegalArgumentException(
            "start length: " + start.length + " (expected: " + law.parameters().size() + ")");
      }
      double[] part = new double[model.size()];
      model.collapse(start, 0, part);
      free.add(part);
    }
    return new Problem(model, List.of(data), options).fitFrom(free).get(0);
  }

  /**
   * Fits a law to many tables, each for itself, on {@code options.threads()} threads.
   *
   * @return one fit a table, in their order: the same as {@link #fit} gives on one thread
   * @throws IllegalArgumentException as for {@link #fit}, for the first table that is refused
   */
  public static List<Fit> fitAll(Law law, List<Observations> tables, FitOptions options) {
    Fit[] fits = new Fit[tables.size()];
    RuntimeException[] refused = new RuntimeException[fits.length];
    FitOptions single = options.withThreads(1);
    AtomicInteger next = new AtomicInteger();
    Workers.run(
        options.threads(),
        () -> {
          for (int k = next.getAndIncrement(); k < fits.length; k = next.getAndIncrement()) {
            try {
              fits[k] = fit(law, tables.get(k), single);
            } catch (RuntimeException e) {
              refused[k] = e;
            }
          }
        });
    for (RuntimeException e : refused) {
      if (e != null) {
        throw e;
      }
    }
    return List.of(fits);
  }

  /**
   * Fits a law to several data sets at once: some parameters are common, each set has its own of
   * the others.
   *
   * <p>Constraints hold for every set. The bootstrap draws from all points.
   *
   * @param names one name a set; they mark its parameters in warnings, as in {@code E[25M]}
   * @param shared names of the common parameters
   * @throws IllegalArgumentException as for {@link #fit}, and for a name the law does not have
   */
  public static JointFit fitJointly(
      Law law,
      List<Observations> sets,
      List<String> names,
      Set<String> shared,
      FitOptions options) {
    if (sets.isEmpty() || sets.size() != names.size()) {
      throw new IllegalArgumentException(
          "sets, names: " + sets.size() + ", " + names.size() + " (expected: equal, at least 1)");
    }
    Model model = Model.joint(law, options.constraints(), names, shared);
    return new JointFit(names, new Problem(model, sets, options).fit());
  }

  /**
   * Follows the objective over one parameter, all others refitted.
   *
   * @param fit what {@link #fit} found for the same law, data and options
   * @throws IllegalArgumentException for a name the law does not have or that is not searched
   */
  public static Profile profile(Observations data, FitOptions options, Fit fit, String parameter) {
    Model model = Model.of(fit.law(), options.constraints());
    double[] theta = new double[model.size()];
    model.collapse(fit.theta(), 0, theta);
    for (int k = 0; k < theta.length; k++) {
      if (model.parameters.get(k).name().equals(parameter)) {
        return new Profiler(model, List.of(data), options, theta).of(k);
      }
    }
    Constraints.parameter(fit.law(), parameter);
    throw new IllegalArgumentException(
        "profile: " + parameter + " (expected: a parameter that is neither fixed nor tied)");
  }
}
