package dev.headroom.scaling.choice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.law.Law;
import dev.headroom.scaling.law.Laws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Measures coverage and width of bands on real runs that the forecasts did not see. */
class BandCoverageTest {

  private static final Law LAW = Laws.named("chinchilla");
  private static final double[] LEVELS = {.5, .8, .9};
  private static final double[] SHARES = {.6, .75, .9};

  /** Mean over the forecasts of a set: hits at each level, width at 90 %, weighted score. */
  private static final class Tally {
    private final double[] hits = new double[LEVELS.length];
    private double width;
    private double score;
    private int count;

    void add(BandForecast forecast, double loss) {
      for (int k = 0; k < LEVELS.length; k++) {
        hits[k] += forecast.interval(LEVELS[k]).holds(loss) ? 1 : 0;
      }
      BandForecast.Interval band = forecast.interval(.9);
      width += (band.high() - band.low()) / loss;
      score += IntervalScore.weighted(forecast, loss) / loss;
      count++;
    }

    double[] means() {
      return new double[] {
        hits[0] / count, hits[1] / count, hits[2] / count, width / count, score / count
      };
    }

    static String text(double[] m) {
      return String.format(
          Locale.ROOT,
          "%.2f %.2f %.2f  %6.2f %%  %.3f %%",
          m[0],
          m[1],
          m[2],
          100 * m[3],
          100 * m[4]);
    }
  }

  private static BandForecast bootstrap(Fit fit, double[] x) {
    List<BandForecast.Interval> intervals = new ArrayList<>();
    for (double level : LEVELS) {
      Estimate e = fit.meanInterval(level, x);
      intervals.add(new BandForecast.Interval(level, e.low(), e.high()));
    }
    return new BandForecast(fit.predict(x), intervals, 1, "bootstrap");
  }

  private static void forecast(Runs runs, double share, Tally ours, Tally plain) {
    double[] sorted = runs.scale();
    Arrays.sort(sorted);
    double cut = sorted[(int) (share * sorted.length) - 1];
    Runs below = runs.upTo(cut);
    Runs above = runs.above(cut);
    if (below.size() < 12 || above.size() == 0) {
      return;
    }
    BandForecaster forecaster = new BandForecaster(below, List.of(LAW), FitOptions.defaults());
    Fit fit =
        Fitter.fit(
            LAW, below.observations(LAW), FitOptions.defaults().withBootstrap(200).withThreads(2));
    for (int i = 0; i < above.size(); i++) {
      ours.add(forecaster.at(above, i, LEVELS), above.loss()[i]);
      plain.add(bootstrap(fit, above.row(LAW, i)), above.loss()[i]);
    }
  }

  @Test
  void coversHeldOutLargerRunsWhereABootstrapDoesNot() {
    Map<String, Runs> sets = RealSets.all();
    Assumptions.assumeTrue(
        sets.size() >= 12, () -> "skipped: of the public tables only " + sets.keySet());
    double[] ours = new double[5];
    double[] plain = new double[5];
    int forecasts = 0;
    System.out.println("set, runs forecast: coverage at 50 80 90 %, width, score; then bootstrap");
    for (Map.Entry<String, Runs> set : sets.entrySet()) {
      Tally tally = new Tally();
      Tally boot = new Tally();
      for (double share : SHARES) {
        forecast(set.getValue(), share, tally, boot);
      }
      forecasts += tally.count;
      System.out.printf(
          Locale.ROOT,
          "%-30s %4d  %s | %s%n",
          set.getKey(),
          tally.count,
          Tally.text(tally.means()),
          Tally.text(boot.means()));
      for (int k = 0; k < 5; k++) {
        ours[k] += tally.means()[k] / sets.size();
        plain[k] += boot.means()[k] / sets.size();
      }
    }
    System.out.println("mean over sets: " + Tally.text(ours) + " | " + Tally.text(plain));
    assertTrue(forecasts >= 500, "forecasts: " + forecasts);
    assertEquals(.9, ours[2], .05, "coverage of the 90 % band");
    assertEquals(.8, ours[1], .07, "coverage of the 80 % band");
    assertTrue(plain[2] < .6, "a bootstrap of the law covers " + plain[2]);
    assertTrue(ours[4] < .8 * plain[4], "score " + ours[4] + " against " + plain[4]);
    assertTrue(ours[3] < .14, "mean width " + ours[3]);
  }
}
