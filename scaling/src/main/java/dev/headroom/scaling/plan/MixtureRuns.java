package dev.headroom.scaling.plan;

import dev.headroom.scaling.fit.Observations;
import dev.headroom.scaling.law.ExponentialMixtureLaw;
import java.util.Arrays;
import java.util.List;

/**
 * Holds small runs over mixtures of training data, with a loss on each validation set of a target.
 *
 * <p>Proportions are scaled to sum to 1 exactly.
 *
 * @param domains names of the training domains, 2 to 13
 * @param shares proportions, {@code shares[run][domain]}, each run's sum within {@value #ROUNDING}
 *     of 1
 * @param targets names of the losses
 * @param losses the losses in nats per token, {@code losses[target][run]}, above 0
 * @param weights what each loss counts in the target, above 0
 */
public record MixtureRuns(
    List<String> domains,
    double[][] shares,
    List<String> targets,
    double[][] losses,
    double[] weights) {

  /** How far from 1 rounded proportions may sum. */
  public static final double ROUNDING = 1e-3;

  private static final int MOST = 13;
  private static final double HULL = 1e-9;

  /** Checks and copies; messages count rows from 1. */
  public MixtureRuns {
    domains = List.copyOf(domains);
    targets = List.copyOf(targets);
    int m = domains.size();
    if (m < 2 || m > MOST) {
      throw new IllegalArgumentException("domains: " + m + " (expected: 2 to " + MOST + ")");
    }
    if (targets.isEmpty() || losses.length != targets.size() || weights.length != losses.length) {
      throw new IllegalArgumentException(
          "targets, losses, weights: "
              + (targets.size() + ", " + losses.length + ", " + weights.length)
              + " (expected: equal, at least 1)");
    }
    for (int i = 0; i < weights.length; i++) {
      if (!(weights[i] > 0 && weights[i] <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "weight of " + targets.get(i) + ": " + weights[i] + " (expected: finite, above 0)");
      }
    }
    double[][] whole = new double[shares.length][];
    for (int r = 0; r < shares.length; r++) {
      whole[r] = whole(shares[r], domains, r + 1);
    }
    shares = whole;
    losses = Arrays.stream(losses).map(double[]::clone).toArray(double[][]::new);
    weights = weights.clone();
    if (shares.length < needed(m)) {
      throw new IllegalArgumentException(
          "runs: "
              + shares.length
              + " (expected: at least "
              + needed(m)
              + ", the parameters of the law of "
              + m
              + " domains)");
    }
    for (int i = 0; i < losses.length; i++) {
      checkLosses(losses[i], targets.get(i), shares.length);
    }
  }

  private static void checkLosses(double[] losses, String name, int runs) {
    if (losses.length != runs) {
      throw new IllegalArgumentException(
          name + ": " + losses.length + " losses (expected: " + runs + ", the runs)");
    }
    for (int r = 0; r < runs; r++) {
      if (!(losses[r] > 0 && losses[r] <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "row "
                + (r + 1)
                + (" " + name + ": " + losses[r])
                + " (expected: a finite number above 0; leave such rows out)");
      }
    }
  }

  private static double[] whole(double[] row, List<String> domains, int number) {
    if (row.length != domains.size()) {
      throw new IllegalArgumentException(
          "row " + number + ": " + row.length + " proportions (expected: " + domains.size() + ")");
    }
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      sum += row[j];
    }
    if (!(Math.abs(sum - 1) <= ROUNDING)) {
      throw new IllegalArgumentException(
          "row "
              + number
              + " proportions: "
              + Arrays.toString(row)
              + (" sum to " + sum + " (expected: 1 within " + ROUNDING + "; name all domains, and")
              + " divide percentages by 100)");
    }
    double[] whole = new double[row.length];
    for (int j = 0; j < row.length; j++) {
      if (!(row[j] >= 0)) {
        throw new IllegalArgumentException(
            "row " + number + " " + domains.get(j) + ": " + row[j] + " (expected: from 0 to 1)");
      }
      whole[j] = row[j] / sum;
    }
    return whole;
  }

  /** Returns the law of one loss; the last proportion is left out, for the others fix it. */
  static ExponentialMixtureLaw law(int domains) {
    return new ExponentialMixtureLaw(domains - 1);
  }

  /** Returns how many runs the law of so many domains needs: one for each of its parameters. */
  public static int needed(int domains) {
    return domains + 1;
  }

  /** Returns the points of one loss: the proportions but the last. */
  public Observations observations(int target) {
    int free = domains.size() - 1;
    double[][] x =
        Arrays.stream(shares).map(row -> Arrays.copyOf(row, free)).toArray(double[][]::new);
    return new Observations(x, losses[target]);
  }

  /** Returns the number of runs. */
  public int size() {
    return shares.length;
  }

  /** Returns the weighted sum of the losses that a run reached. */
  public double target(int run) {
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i] * losses[i][run];
    }
    return sum;
  }

  /** Returns the run with the least weighted sum. */
  public int best() {
    int best = 0;
    for (int r = 1; r < shares.length; r++) {
      best = target(r) < target(best) ? r : best;
    }
    return best;
  }

  /**
   * Returns how far a mixture lies outside the hull of the runs: the share of the data that
   * separates it from the nearest mixture of runs (nearest in squares), 0 to 1e-4 inside.
   */
  public double outside(double[] mixture) {
    double[] apart = new double[mixture.length];
    SimplexSearch.Function square =
        (lambda, gradient) -> {
          blend(lambda, mixture, apart);
          double value = 0;
          for (double d : apart) {
            value += d * d / 2;
          }
          for (int run = 0; run < lambda.length; run++) {
            gradient[run] = 0;
            for (int j = 0; j < apart.length; j++) {
              gradient[run] += apart[j] * shares[run][j];
            }
          }
          return value;
        };
    double[] most = new double[shares.length];
    Arrays.fill(most, 1);
    double[] none = new double[most.length];
    blend(SimplexSearch.minimise(square, none, most, HULL), mixture, apart);
    return Arrays.stream(apart).map(Math::abs).sum() / 2;
  }

  /** Sets {@code apart} to the mixture of runs less the mixture. */
  private void blend(double[] lambda, double[] mixture, double[] apart) {
    for (int j = 0; j < apart.length; j++) {
      apart[j] = -mixture[j];
      for (int run = 0; run < lambda.length; run++) {
        apart[j] += lambda[run] * shares[run][j];
      }
    }
  }
}
