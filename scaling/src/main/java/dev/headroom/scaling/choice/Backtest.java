package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Fit;
import java.util.ArrayList;
import java.util.List;

/**
 * Forecasts larger runs from smaller ones at several cuts of the data at hand (rolling origin).
 *
 * @param held one entry a forecast, cut by cut
 * @param cuts number of cuts
 */
record Backtest(List<Held> held, int cuts) {

  /**
   * The forecasts of one run from a cut below it.
   *
   * @param cut number of the cut, the smallest first
   * @param of how many runs this cut held out
   * @param distance log of the run's scale over the cut's
   * @param observed its log-loss
   * @param predicted log-loss each member gives
   */
  record Held(int cut, int of, double distance, double observed, double[] predicted) {}

  static Backtest of(List<Member> members, Runs runs) {
    int parameters = members.stream().mapToInt(m -> m.law().parameters().size()).max().orElse(0);
    List<Double> cuts = Origins.of(runs, parameters);
    List<Held> held = new ArrayList<>();
    for (int cut = 0; cut < cuts.size(); cut++) {
      Runs below = runs.upTo(cuts.get(cut));
      Runs above = runs.above(cuts.get(cut));
      List<Fit> fits = members.stream().map(m -> m.fit(below)).toList();
      for (int i = 0; i < above.size(); i++) {
        held.add(
            new Held(
                cut,
                above.size(),
                Math.log(above.scale()[i] / cuts.get(cut)),
                Math.log(above.loss()[i]),
                predicted(fits, above, i)));
      }
    }
    return new Backtest(held, cuts.size());
  }

  /** Returns the log-loss that each fit gives at one row. */
  static double[] predicted(List<Fit> fits, Runs runs, int row) {
    return fits.stream()
        .mapToDouble(fit -> Math.log(fit.predict(runs.row(fit.law(), row))))
        .toArray();
  }

  /** Returns the mean absolute error of one member at each cut, in log-loss. */
  double[] errors(int member) {
    double[] mean = new double[cuts];
    for (Held h : held) {
      mean[h.cut] += Math.abs(h.observed - h.predicted[member]) / h.of;
    }
    return mean;
  }
}
