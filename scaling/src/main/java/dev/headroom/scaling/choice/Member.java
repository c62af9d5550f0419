package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Objective;
import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One way to make a forecast.
 *
 * @param law the law
 * @param options how it is fitted
 * @param share share of the runs it is fitted to, the largest ones: a law that holds only about
 *     extrapolates better from those near the target
 */
record Member(Law law, FitOptions options, double share) {

  /** They differ in what an outlier may do. */
  private static final List<Objective> OBJECTIVES =
      List.of(Objective.HUBER_LOG, Objective.LEAST_SQUARES_LOG);

  private static final double[] SHARES = {1, .5};

  /** Points a parameter that a part of the runs must have to be fitted by itself. */
  private static final int SPARE = 3;

  /** Returns each law with each objective on all runs and on the larger half. */
  static List<Member> of(List<Law> laws, FitOptions options) {
    List<Member> members = new ArrayList<>();
    for (Law law : laws) {
      for (Objective objective : OBJECTIVES) {
        for (double share : SHARES) {
          members.add(new Member(law, options.withObjective(objective).withBootstrap(0), share));
        }
      }
    }
    return members;
  }

  /** Fits the share of these runs, or all where a share is too few. */
  Fit fit(Runs runs) {
    double[] scale = runs.scale();
    Arrays.sort(scale);
    Runs used = share == 1 ? runs : runs.from(scale[(int) ((1 - share) * scale.length)]);
    if (used.size() < SPARE * law.parameters().size()) {
      used = runs;
    }
    return Fitter.fit(law, used.observations(law), options);
  }
}
