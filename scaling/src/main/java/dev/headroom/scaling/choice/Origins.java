package dev.headroom.scaling.choice;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the scales at which earlier forecasts are pretended to start.
 *
 * <p>Each cut leaves at least {@value #FEWEST} runs (and more than the laws have parameters) below
 * and some above; cuts lie between distinct scales, evenly in the share of runs below.
 */
final class Origins {

  static final int MOST = 8;
  static final int FEWEST = 8;
  private static final double LEAST_SHARE = .4;

  private Origins() {}

  /** Returns the cuts, ascending; none where there are too few runs or scales. */
  static List<Double> of(Runs runs, int parameters) {
    double[] sorted = runs.scale();
    Arrays.sort(sorted);
    int fewest =
        (int) Math.max(Math.max(FEWEST, parameters + 3), Math.ceil(LEAST_SHARE * sorted.length));
    List<Double> cuts = new ArrayList<>();
    for (int below = fewest; below < sorted.length; below++) {
      if (sorted[below - 1] < sorted[below]) {
        cuts.add(sorted[below - 1]);
      }
    }
    if (cuts.size() <= MOST) {
      return cuts;
    }
    List<Double> some = new ArrayList<>();
    for (int k = 0; k < MOST; k++) {
      some.add(cuts.get((int) Math.round(k * (cuts.size() - 1.0) / (MOST - 1))));
    }
    return some;
  }
}
