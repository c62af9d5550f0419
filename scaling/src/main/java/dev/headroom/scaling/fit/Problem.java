package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.List;

/** Fits one model to one or several data sets: starts, search, inference. */
final class Problem {

  /** Points used to rank starts, and most points on which several starts are refined. */
  private static final int RANKED = 512;

  private static final int REFINED = 4096;
  private static final int STARTS = 6;

  /** Rounds in which priors are weighed against the residuals of the round before. */
  private static final int ROUNDS = 3;

  /** Most given starts from which squares are also searched by Levenberg-Marquardt. */
  private static final int MARQUARDT = 100;

  private final Model model;
  private final List<Observations> sets;
  private final FitOptions options;
  private final ScaledData data;

  Problem(Model model, List<Observations> sets, FitOptions options) {
    this.model = model;
    this.sets = sets;
    this.options = options;
    for (Observations set : sets) {
      set.check(model.law, 0, options.objective() != Objective.LEAST_SQUARES);
    }
    Pooled.of(sets).check(model.law, model.size(), options.objective() != Objective.LEAST_SQUARES);
    this.data = ScaledData.of(model, sets);
  }

  /** Fits from starts found on the law's grid; one fit a set. */
  List<Fit> fit() {
    List<double[]> starts = new ArrayList<>(projected(data, options));
    starts.addAll(unconstrained());
    starts.addAll(separate());
    if (data.points > REFINED) {
      starts = List.of(Search.rough(data.thinned(REFINED), smooth(), starts));
    }
    return finish(starts, true);
  }

  /**
   * Returns the objective of the best fit alone, to three digits; of an objective of logarithms.
   */
  double least() {
    List<double[]> starts = new ArrayList<>(projected(data, options));
    starts.forEach(this::moveIntoPriors);
    double[] theta = Search.rough(data, options, starts);
    return new Misfit(data, options).evaluate(theta, new double[theta.length]);
  }

  /** Fits from the given starts, in the units of the data as given. */
  List<Fit> fitFrom(List<double[]> starts) {
    List<double[]> moved = new ArrayList<>();
    for (double[] start : starts) {
      moved.add(data.scaled(start));
    }
    if (options.objective().isSquares() && starts.size() <= MARQUARDT) {
      moved = keeping(moved);
    }
    return finish(moved, false);
  }

  /**
   * Prefers where Levenberg-Marquardt ends: of optima that differ by the order of equal terms only,
   * the one that the starts mean.
   */
  private List<double[]> keeping(List<double[]> starts) {
    List<double[]> ends = Search.marquardt(data, options, starts);
    if (ends.isEmpty()) {
      return starts;
    }
    double value = Search.best(data, options, ends).value();
    List<double[]> all = new ArrayList<>(starts);
    all.addAll(ends);
    double best = Search.best(data, options, all).value();
    return value <= best * (1 + 1e-9) + 1e-20 ? ends : all;
  }

  private static List<double[]> projected(ScaledData data, FitOptions options) {
    List<double[]> starts = new ArrayList<>();
    for (Projection.Start start : new Projection(data.thinned(RANKED), options).best(STARTS)) {
      starts.add(start.theta());
    }
    return starts;
  }

  /**
   * Where units could not be changed because of a constraint, the grid does not suit them: the law
   * without constraints gives further starts.
   */
  private List<double[]> unconstrained() {
    boolean kept = false;
    for (boolean unit : model.keptUnits()) {
      kept |= unit;
    }
    List<double[]> starts = new ArrayList<>();
    if (kept && model.sets == 1) {
      ScaledData free = ScaledData.of(model.law, sets.get(0));
      for (double[] start : projected(free, options)) {
        double[] part = new double[model.size()];
        model.collapse(free.original(start), 0, part);
        starts.add(data.scaled(part));
      }
    }
    return starts;
  }

  /** Fits each set alone; every one of them offers its values of the shared parameters. */
  private List<double[]> separate() {
    List<double[]> starts = new ArrayList<>();
    if (model.sets == 1) {
      return starts;
    }
    List<double[]> alone = new ArrayList<>();
    Law law = model.law;
    for (Observations set : sets) {
      if (set.size() >= law.parameters().size()) {
        alone.add(
            Fitter.fit(law, set, options.withBootstrap(0).withIntervals(Intervals.AUTO)).theta());
      } else {
        alone.add(null);
      }
    }
    for (double[] common : alone) {
      if (common != null) {
        double[] start = new double[model.size()];
        for (int k = sets.size() - 1; k >= 0; k--) {
          model.collapse(alone.get(k) == null ? common : alone.get(k), k, start);
        }
        model.collapseShared(common, start);
        starts.add(data.scaled(start));
      }
    }
    return starts;
  }

  private FitOptions smooth() {
    return options.objective() == Objective.STUDENT_T
        ? options.withObjective(Objective.HUBER_LOG)
        : options;
  }

  private List<Fit> finish(List<double[]> starts, boolean projected) {
    ScaledData weighed = data;
    starts.forEach(this::moveIntoPriors);
    Search.Optimum optimum = Search.best(weighed, options, begun(weighed, starts));
    for (int round = 0; round < ROUNDS && model.hasPriors(); round++) {
      weighed = data.with(Dispersion.of(new Misfit(weighed, options), optimum.theta()));
      optimum = Search.best(weighed, options, List.of(optimum.theta(), starts.get(0)));
    }
    optimum = Refinement.of(weighed, sets, options, optimum);
    return new Inference(weighed, sets, options, optimum, projected).fits();
  }

  /** A logarithm of 0 has no prior; the most likely value does. */
  private void moveIntoPriors(double[] start) {
    for (int k = 0; k < start.length; k++) {
      Prior prior = model.priors[k];
      if (prior != null && !Double.isFinite(prior.z(start[k]))) {
        start[k] = prior.centre();
      }
    }
  }

  /** The likelihood of Student's t has many optima far from the data: it starts near a good fit. */
  private List<double[]> begun(ScaledData weighed, List<double[]> starts) {
    if (options.objective() != Objective.STUDENT_T) {
      return starts;
    }
    List<double[]> near = new ArrayList<>();
    for (Objective objective : List.of(Objective.LEAST_SQUARES_LOG, Objective.HUBER_LOG)) {
      near.add(Search.best(weighed, options.withObjective(objective), starts).theta());
    }
    return near;
  }
}
