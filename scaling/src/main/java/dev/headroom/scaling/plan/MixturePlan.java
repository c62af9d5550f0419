package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Estimate;
import dev.headroom.scaling.fit.Fit;
import dev.headroom.scaling.fit.FitOptions;
import dev.headroom.scaling.fit.Fitter;
import dev.headroom.scaling.fit.Status;
import dev.headroom.scaling.fit.internal.Quantiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Finds the proportions of training data that a target wants: the least {@code sum_i w_i (c_i + k_i
 * exp(sum_j t_ij r_j))} over {@code sum r = 1} and bounds, with a law fitted to each loss.
 *
 * <p>The sum is convex in r, as no k is below 0; it is minimised to {@value #TOLERANCE} of its
 * value. Intervals are percentiles over resampled runs, the same runs for all losses, and NaN
 * without a bootstrap. They trust the law, and hold for the size and tokens of the runs only: the
 * best mixture may change with scale.
 *
 * <p>Source: Ye et al. 2025 (arXiv 2403.16952), section 3 and equation 8.
 *
 * @param shares the best proportions, one estimate a domain
 * @param losses the predicted loss at them, one estimate a loss
 * @param target the weighted sum of the losses predicted
 * @param gain by how much {@code target} lies below what the law gives at the mixture of the best
 *     run: law against law, so that the luck of a run does not count. In a resample the proportions
 *     stay: an interval below 0 says that they may be worse than that run
 * @param best the run with the least weighted sum of observed losses, counted from 0
 * @param outside how far the proportions lie outside the hull of the runs: the share of the data
 *     that separates them from the nearest mixture inside
 * @param fits the law of each loss, without the last proportion
 * @param warnings what a user should know before trusting the numbers
 */
public record MixturePlan(
    List<Estimate> shares,
    List<Estimate> losses,
    Estimate target,
    Estimate gain,
    int best,
    double outside,
    List<Fit> fits,
    List<String> warnings) {

  private static final double TOLERANCE = 1e-12;

  private static final double ROUNDING = 1e-9;
  private static final String WIDTH = "its standard error";

  /** Proportions are not known to half a percent of the data. */
  private static final double NEAR = .005;

  public MixturePlan {
    shares = List.copyOf(shares);
    losses = List.copyOf(losses);
    fits = List.copyOf(fits);
    warnings = List.copyOf(warnings);
  }

  /**
   * Fits the laws and finds the best proportions.
   *
   * @param low lower bounds of the proportions, one a domain
   * @param high upper bounds
   * @param options how to fit, with a bootstrap for the intervals
   * @throws IllegalArgumentException for bounds that no proportions keep
   */
  public static MixturePlan of(MixtureRuns runs, double[] low, double[] high, FitOptions options) {
    checkBounds(runs.domains(), low, high);
    List<Fit> fits = new ArrayList<>();
    for (int i = 0; i < runs.targets().size(); i++) {
      fits.add(Fitter.fit(MixtureRuns.law(runs.domains().size()), runs.observations(i), options));
    }
    return new Finder(runs, low.clone(), high.clone(), fits, options.level()).plan();
  }

  /**
   * Returns the names of the losses whose law is not determined: the search did not end, or some
   * proportions did not vary by themselves, so that the data leave parameters open.
   */
  public List<String> undetermined() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < fits.size(); i++) {
      if (!determined(fits.get(i))) {
        names.add(losses.get(i).name());
      }
    }
    return names;
  }

  private static boolean determined(Fit fit) {
    double[][] covariance = fit.covariance();
    boolean known = fit.status() != Status.NOT_CONVERGED && covariance.length > 0;
    for (int j = 0; j < covariance.length; j++) {
      known &= !Double.isNaN(covariance[j][j]);
    }
    return known;
  }

  private static void checkBounds(List<String> domains, double[] low, double[] high) {
    int m = domains.size();
    if (low.length != m || high.length != m) {
      throw new IllegalArgumentException(
          "bounds: " + low.length + ", " + high.length + " (expected: " + m + ", the domains)");
    }
    for (int j = 0; j < m; j++) {
      if (!(low[j] >= 0 && low[j] <= high[j] && high[j] <= 1)) {
        throw new IllegalArgumentException(
            "bounds of "
                + domains.get(j)
                + ": "
                + (low[j] + ":" + high[j] + " (expected: from 0 to 1, the lower one first)"));
      }
    }
    double least = Arrays.stream(low).sum();
    double most = Arrays.stream(high).sum();
    if (!(least <= 1 + ROUNDING && most >= 1 - ROUNDING)) {
      throw new IllegalArgumentException(
          "bounds: lower ones sum to "
              + (least + ", upper ones to " + most)
              + " (expected: at most 1, and at least 1)");
    }
  }

  /** Turns the fitted laws into a plan. */
  private static final class Finder {

    private final MixtureRuns runs;
    private final double[] low;
    private final double[] high;
    private final List<Fit> fits;
    private final double level;
    private final double[] optimum;
    private final int draws;

    Finder(MixtureRuns runs, double[] low, double[] high, List<Fit> fits, double level) {
      this.runs = runs;
      this.low = low;
      this.high = high;
      this.fits = fits;
      this.level = level;
      this.optimum = optimum(fits.stream().map(Fit::theta).toList());
      this.draws = fits.get(0).samples().length;
    }

    MixturePlan plan() {
      int m = optimum.length;
      double[] seen = runs.shares()[runs.best()];
      double[][] shares = new double[m][draws];
      double[][] losses = new double[fits.size()][draws];
      double[] target = new double[draws];
      double[] gain = new double[draws];
      for (int k = 0; k < draws; k++) {
        List<double[]> theta = draw(k);
        double[] r = optimum(theta);
        for (int j = 0; j < m; j++) {
          shares[j][k] = r[j];
        }
        for (int i = 0; i < losses.length; i++) {
          losses[i][k] = loss(theta.get(i), optimum);
        }
        target[k] = target(theta, optimum);
        gain[k] = target(theta, seen) - target[k];
      }
      List<double[]> theta = fits.stream().map(Fit::theta).toList();
      List<Estimate> proportions = new ArrayList<>();
      for (int j = 0; j < m; j++) {
        proportions.add(estimate(runs.domains().get(j), optimum[j], shares[j]));
      }
      List<Estimate> predicted = new ArrayList<>();
      for (int i = 0; i < losses.length; i++) {
        predicted.add(estimate(runs.targets().get(i), loss(theta.get(i), optimum), losses[i]));
      }
      double reached = target(theta, optimum);
      Estimate sum = estimate("target", reached, target);
      Estimate less = estimate("gain", target(theta, seen) - reached, gain);
      double outside = runs.outside(optimum);
      return new MixturePlan(
          proportions,
          predicted,
          sum,
          less,
          runs.best(),
          outside,
          fits,
          warnings(outside, reached, less));
    }

    /** Resample k of every loss: the same seed draws the same runs for each. */
    private List<double[]> draw(int k) {
      return fits.stream().map(fit -> fit.samples()[k]).toList();
    }

    private Estimate estimate(String name, double value, double[] values) {
      Arrays.sort(values);
      double tail = (1 - level) / 2;
      return new Estimate(name, value, Quantiles.of(values, tail), Quantiles.of(values, 1 - tail));
    }

    private static double rest(double[] theta, double[] r) {
      double log = 0;
      for (int j = 2; j < theta.length; j++) {
        log += theta[j] * r[j - 2];
      }
      return theta[1] * Math.exp(log);
    }

    private static double loss(double[] theta, double[] r) {
      return theta[0] + rest(theta, r);
    }

    private double target(List<double[]> theta, double[] r) {
      double sum = 0;
      for (int i = 0; i < theta.size(); i++) {
        sum += runs.weights()[i] * loss(theta.get(i), r);
      }
      return sum;
    }

    private double[] optimum(List<double[]> theta) {
      SimplexSearch.Function sum =
          (r, gradient) -> {
            Arrays.fill(gradient, 0);
            double value = 0;
            for (int i = 0; i < theta.size(); i++) {
              double term = runs.weights()[i] * rest(theta.get(i), r);
              value += term;
              for (int j = 2; j < theta.get(i).length; j++) {
                gradient[j - 2] += term * theta.get(i)[j];
              }
            }
            return value;
          };
      double scale = target(theta, runs.shares()[runs.best()]);
      return SimplexSearch.minimise(sum, low, high, TOLERANCE * scale);
    }

    private List<String> warnings(double outside, double reached, Estimate gain) {
      int best = runs.best();
      List<String> warnings = new ArrayList<>();
      for (int i = 0; i < fits.size(); i++) {
        for (String warning : fits.get(i).warnings()) {
          // An effect that may be 0 is an answer here: the two domains serve this loss alike.
          if (!warning.contains(WIDTH)) {
            warnings.add(runs.targets().get(i) + ": " + warning);
          }
        }
      }
      if (outside > NEAR) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "the mixture lies outside the hull of the runs, %.1f %% of the data away from it: an"
                    + " extrapolation; run it or its neighbours first, or set bounds",
                100 * outside));
      }
      double missed = Math.abs(reached + gain.value() - runs.target(best));
      if (missed > gain.value()) {
        warnings.add(
            String.format(
                Locale.ROOT,
                "the law misses the best run by %.4f, more than the gain: measure both mixtures",
                missed));
      }
      if (gain.low() <= 0) {
        warnings.add(
            "the interval of the gain holds 0: these runs do not tell this mixture from the best"
                + " run's");
      }
      return warnings;
    }
  }
}
