package dev.headroom.scaling.choice;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.internal.StudentT;
import dev.headroom.scaling.law.Law;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Forecasts runs larger than all at hand, with bands as wide as such forecasts were wrong before.
 *
 * <p>The median is the mean log-loss over members (law, objective, all runs or the larger half),
 * weighted {@code exp(2 - 2 e/e_best)} by their rolling-origin error e. The half-width in log-loss
 * is the mean of two answers to "how far off were forecasts of larger runs from smaller ones": the
 * weighted conformal quantile of the absolute errors, and Student's t times their weighted mean,
 * which reaches beyond the worst error seen. Errors weigh {@code .8^age} by how many cuts ago they
 * were made, and less where a cut held out many runs, whose errors are alike. It grows in
 * proportion beyond the longest distance that was tried.
 *
 * <p>Measured on public tables by {@code BandCoverageTest}, which prints coverage, width and the
 * weighted interval score beside a bootstrap of the law. Fewer than {@value #FEWEST_CUTS} cuts
 * calibrate nothing: then the band is that of the law and says so.
 *
 * <p>Source: Barber et al. 2023, Ann. Stat. 51, 816 (weighted conformal quantiles); Tashman 2000,
 * Int. J. Forecasting 16, 437 (rolling origin).
 */
public final class BandForecaster {

  private static final int FEWEST_CUTS = 3;
  private static final double AGEING = .8;

  private final List<Fit> fits;
  private final Backtest backtest;
  private final double[] weight;
  private final double largest;
  private final List<double[]> errors = new ArrayList<>();
  private double longest;

  /**
   * Fits every member and tests it on the runs at hand.
   *
   * @param laws laws whose variables the runs have, at least one
   * @throws IllegalArgumentException for fewer runs than parameters
   */
  public BandForecaster(Runs runs, List<Law> laws, FitOptions options) {
    List<Member> members = Member.of(laws, options);
    this.fits = members.stream().map(m -> m.fit(runs)).toList();
    this.backtest = Backtest.of(members, runs);
    this.weight = weights();
    this.largest = Arrays.stream(runs.scale()).max().orElse(1);
    for (Backtest.Held held : backtest.held()) {
      double centre = mean(held.predicted());
      double weight = Math.pow(AGEING, backtest.cuts() - 1.0 - held.cut()) / Math.sqrt(held.of());
      errors.add(new double[] {Math.abs(held.observed() - centre), weight});
      longest = Math.max(longest, held.distance());
    }
    errors.sort(Comparator.comparingDouble(error -> error[0]));
  }

  private double[] weights() {
    double[] score = new double[fits.size()];
    for (int m = 0; m < score.length; m++) {
      score[m] = Arrays.stream(backtest.errors(m)).average().orElse(1);
    }
    double best = Arrays.stream(score).filter(s -> s > 0).min().orElse(1);
    double[] weights = Arrays.stream(score).map(s -> Math.exp(2 - 2 * s / best)).toArray();
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / sum).toArray();
  }

  /**
   * Forecasts one row.
   *
   * @param targets runs with the same columns; their losses are not looked at
   * @param levels nominal coverage of each interval
   */
  public BandForecast at(Runs targets, int row, double... levels) {
    double ratio = targets.scale()[row] / largest;
    if (backtest.cuts() < FEWEST_CUTS) {
      return uncalibrated(targets, row, ratio, levels);
    }
    double[] predicted = Backtest.predicted(fits, targets, row);
    double centre = mean(predicted);
    double stretch = Math.max(1, Math.log(ratio) / longest);
    List<BandForecast.Interval> intervals = new ArrayList<>();
    for (double level : levels) {
      double half = stretch * halfWidth(level);
      intervals.add(
          new BandForecast.Interval(level, Math.exp(centre - half), Math.exp(centre + half)));
    }
    return new BandForecast(Math.exp(centre), intervals, ratio, method(stretch));
  }

  private String method(double stretch) {
    String text =
        String.format(
            Locale.ROOT,
            "errors of %d forecasts from %d cuts of these runs, mean of %d fits",
            errors.size(),
            backtest.cuts(),
            fits.size());
    return stretch > 1
        ? text
            + String.format(
                Locale.ROOT, "; widened %.2g times: farther than any of them reached", stretch)
        : text;
  }

  private double halfWidth(double level) {
    double total = 0;
    double mean = 0;
    for (double[] error : errors) {
      total += error[1];
      mean += error[0] * error[1];
    }
    double quantile = errors.get(errors.size() - 1)[0];
    double sum = 0;
    for (double[] error : errors) {
      sum += error[1];
      if (sum >= level * total) {
        quantile = error[0];
        break;
      }
    }
    // The mean absolute value of a normal variable is sqrt(2/pi) of its standard deviation.
    return (quantile + student(level) * Math.sqrt(Math.PI / 2) * mean / total) / 2;
  }

  private double student(double level) {
    return StudentT.twoSided(level, backtest.cuts() - 1);
  }

  private BandForecast uncalibrated(Runs targets, int row, double ratio, double[] levels) {
    Fit fit = fits.get(0);
    double[] x = targets.row(fit.law(), row);
    List<BandForecast.Interval> intervals = new ArrayList<>();
    for (double level : levels) {
      Estimate band = fit.predictionInterval(level, x);
      intervals.add(new BandForecast.Interval(level, band.low(), band.high()));
    }
    String method =
        "covariance of the fit and the noise of one run: too few runs of different scale to"
            + " calibrate, so it trusts the law and is too narrow far from the data";
    return new BandForecast(fit.predict(x), intervals, ratio, method);
  }

  private double mean(double[] predicted) {
    double mean = 0;
    for (int m = 0; m < predicted.length; m++) {
      mean += weight[m] * predicted[m];
    }
    return mean;
  }
}
