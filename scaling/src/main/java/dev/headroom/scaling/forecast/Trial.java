package dev.headroom.scaling.forecast;

import dev.headroom.scaling.log.Run;
import dev.headroom.scaling.schedule.Schedule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Holds one forecast of the end of a finished run from its beginning, and what came.
 *
 * @param set the set the run is from
 * @param run name of the run
 * @param beside which siblings were given, in a word
 * @param share share of the run that was seen
 * @param forecast the forecast
 * @param truth the loss at the end: the last one, or the mean of the last 1 % of the rows (5 % of a
 *     short log) where single losses scatter
 */
public record Trial(
    String set, String run, String beside, double share, Forecast forecast, double truth) {
  private static final double NOISY = 0.0015;
  private static final long WHOLE = 15;

  /** One finished run to be forecast. */
  public record Case(
      String set, Run run, Schedule schedule, String beside, List<Sibling> siblings) {
    public Case {
      siblings = List.copyOf(siblings);
    }
  }

  /**
   * Forecasts the end of runs from shares of them; what is too short for a forecast is left out.
   *
   * @param shares shares of the schedule's steps, between 0 and 1
   */
  public static List<Trial> of(List<Case> cases, double... shares) {
    List<Trial> trials = new ArrayList<>();
    for (Case one : cases) {
      for (double share : shares) {
        Trial trial = of(one, share);
        if (trial != null) {
          trials.add(trial);
        }
      }
    }
    return trials;
  }

  private static Trial of(Case one, double share) {
    Run run = one.run();
    long last = run.step()[run.size() - 1];
    Run beginning = run.between(1, (long) (share * one.schedule().total()));
    try {
      Forecast forecast =
          Forecaster.forecast(
              new ForecastRequest(beginning, one.schedule(), last, one.siblings(), .9));
      double truth = truth(run, forecast.scatter());
      return new Trial(one.set(), run.name(), one.beside(), share, forecast, truth);
    } catch (IllegalArgumentException e) {
      // too short a beginning: what a user would be told, and no error of a forecast
      return null;
    }
  }

  private static double truth(Run run, double scatter) {
    int n = run.size();
    int m = scatter > NOISY ? Math.max(n / 100, Math.max(1, Math.min(30, n / 20))) : 1;
    double sum = 0;
    for (int i = n - m; i < n; i++) {
      sum += run.loss()[i] / m;
    }
    return sum;
  }

  /** Returns the error of the log-loss, positive where the forecast was too high. */
  public double error() {
    return Math.log(forecast.loss() / truth);
  }

  /** Returns the absolute error in scales of the forecast, the score of the bands. */
  public double score() {
    return Math.abs(error()) / forecast.scale();
  }

  /** Says whether the band of a level holds what came. */
  public boolean covered(double level) {
    return score() <= forecast.kind().quantile(level);
  }

  /**
   * Returns the conformal quantile of scores, every set of {@value #WHOLE} or more weighing as much
   * as another: the smallest score that holds at least a share {@code level (1 + 1/n)} of the
   * weight, the largest where there are too few.
   */
  public static double quantile(List<Trial> trials, double level) {
    Map<String, Long> sizes =
        trials.stream().collect(Collectors.groupingBy(Trial::set, Collectors.counting()));
    List<Trial> sorted = trials.stream().sorted(Comparator.comparingDouble(Trial::score)).toList();
    double all = sorted.stream().mapToDouble(t -> weight(sizes.get(t.set()))).sum();
    double wanted = level * (1 + 1.0 / trials.size()) * all;
    double sum = 0;
    double score = Double.NaN;
    for (Trial trial : sorted) {
      score = trial.score();
      sum += weight(sizes.get(trial.set()));
      if (sum >= wanted) {
        break;
      }
    }
    return score;
  }

  private static double weight(long size) {
    return 1.0 / Math.max(WHOLE, size);
  }
}
