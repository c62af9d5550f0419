package dev.headroom.scaling.fit;

import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.List;

/**
 * Fits a law to observations.
 *
 * <p>Every call is a function of its arguments alone: the same for any number of threads.
 */
public final class Fitter {

  /** Points used to rank starts, and most points on which several starts are refined. */
  private static final int RANKED = 512;

  private static final int REFINED = 4096;
  private static final int STARTS = 6;

  private Fitter() {}

  /**
   * Fits a law from starts found by variable projection on the law's grid.
   *
   * @throws IllegalArgumentException for fewer points than parameters or a number outside the
   *     domain of the law, naming row and value
   */
  public static Fit fit(Law law, Observations data, FitOptions options) {
    data.check(law);
    ScaledData scaled = ScaledData.of(law, data);
    List<double[]> starts = new ArrayList<>();
    for (Projection.Start start : new Projection(scaled.thinned(RANKED), options).best(STARTS)) {
      starts.add(start.theta());
    }
    if (scaled.points > REFINED) {
      starts = List.of(Search.rough(scaled.thinned(REFINED), options, starts));
    }
    return finish(scaled, data, options, starts);
  }

  /**
   * Fits a law from all of the given starts, none skipped, and keeps the best optimum.
   *
   * @param starts parameters in the law's order, for the variables as given
   * @throws IllegalArgumentException as for {@link #fit}, for no start, and where no start gives a
   *     valid loss at every point
   */
  public static Fit fitFrom(Law law, Observations data, FitOptions options, List<double[]> starts) {
    data.check(law);
    ScaledData scaled = ScaledData.of(law, data);
    List<double[]> moved = new ArrayList<>();
    for (double[] start : starts) {
      if (start.length != law.parameters().size()) {
        throw new IllegalArgumentException(
            "start length: " + start.length + " (expected: " + law.parameters().size() + ")");
      }
      moved.add(scaled.scaled(start));
    }
    return finish(scaled, data, options, moved);
  }

  private static Fit finish(
      ScaledData scaled, Observations data, FitOptions options, List<double[]> starts) {
    Search.Optimum optimum = Search.best(scaled, options, starts);
    return new Inference(scaled, options, optimum, Groups.of(data.group())).fit();
  }
}
