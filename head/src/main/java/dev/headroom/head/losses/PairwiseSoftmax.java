package dev.headroom.head.losses;

import dev.headroom.head.RowBatch;
import dev.headroom.head.RowLoss;
import java.util.function.IntFunction;

/**
 * Replaces the cross-entropy by the pairwise softmax loss, which puts another function in the place
 * of the exponential, over a sample of negatives.
 *
 * <pre>
 *   loss = log mean over v in S of sigma(d_v)^(1/tau),   d_v = z_v - z_t
 *   q_v = sigma(d_v)^(1/tau) / sum,   d/dz_v = q_v sigma'(d_v) / (tau sigma(d_v)),   d/dz_t = -sum over v in S
 * </pre>
 *
 * <p>sigma is tanh(d) + 1, atan(d) + 1 or max(d + 1, 0); with exp(d) it would be the sampled
 * softmax loss of contrastive learning. A false negative, whose d is large, weighs less: sigma
 * grows slower than the exponential or not at all. S are the listed classes without the row's
 * target and without absent ones; a row that has none has the loss 0. For d far below -1 atan(d) +
 * 1 and d + 1 are no longer positive: sigma is at least 2^-24, without a slope there.
 *
 * <p>Made for scores of cosines, d in [-1,1] ({@link dev.headroom.head.HeadOptions#withLogitScale}
 * of 1/2 on normalised rows); not for free logits, of which it gives no gradient beyond its bounds,
 * and not for probabilities. With all classes in S the head's exact softmax costs as much. Source:
 * Yang et al. 2024, PSL: rethinking and improving softmax loss from pairwise perspective for
 * recommendation, equation 6.
 */
public final class PairwiseSoftmax implements RowLoss {
  private static final double LEAST = 0x1p-24;

  /** What takes the place of the exponential of a difference d. */
  public enum Surrogate {
    /** tanh(d) + 1. */
    TANH {
      @Override
      double log(double d) {
        // tanh(d) + 1 = 2 / (1 + exp(-2 d))
        double x = -2 * d;
        return Math.log(2) - (x > 40 ? x : Math.log1p(Math.exp(x)));
      }

      @Override
      double slope(double d) {
        return 2 / (1 + Math.exp(2 * d));
      }
    },
    /** atan(d) + 1. */
    ATAN {
      @Override
      double log(double d) {
        return bounded(Math.atan(d) + 1);
      }

      @Override
      double slope(double d) {
        double sigma = Math.atan(d) + 1;
        return sigma > LEAST ? 1 / (1 + d * d) / sigma : 0;
      }
    },
    /** max(d + 1, 0). */
    RELU {
      @Override
      double log(double d) {
        return bounded(d + 1);
      }

      @Override
      double slope(double d) {
        return d + 1 > LEAST ? 1 / (d + 1) : 0;
      }
    };

    /** Returns log sigma(d). */
    abstract double log(double d);

    /** Returns the slope of log sigma. */
    abstract double slope(double d);

    private static double bounded(double sigma) {
      return Math.log(sigma < LEAST ? LEAST : sigma);
    }
  }

  private final Surrogate surrogate;
  private final double temperature;
  private final long[] shared;
  private final IntFunction<long[]> byRow;

  private PairwiseSoftmax(
      Surrogate surrogate, double temperature, long[] shared, IntFunction<long[]> byRow) {
    if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "temperature: " + temperature + " (expected: a positive number)");
    }
    this.surrogate = surrogate;
    this.temperature = temperature;
    this.shared = shared;
    this.byRow = byRow;
  }

  /**
   * Takes the same negatives for all rows.
   *
   * @param negatives different classes, ascending
   */
  public static PairwiseSoftmax shared(Surrogate surrogate, double temperature, long... negatives) {
    if (negatives.length == 0) {
      throw new IllegalArgumentException("negatives: none (expected: at least one)");
    }
    return new PairwiseSoftmax(surrogate, temperature, negatives.clone(), null);
  }

  /**
   * Takes each row's own negatives.
   *
   * @param negatives different classes in any order, by number of a row
   */
  public static PairwiseSoftmax byRow(
      Surrogate surrogate, double temperature, IntFunction<long[]> negatives) {
    return new PairwiseSoftmax(surrogate, temperature, new long[0], negatives);
  }

  @Override
  public long[] listedClasses() {
    return shared.clone();
  }

  @Override
  public boolean listsByRow() {
    return byRow != null;
  }

  @Override
  public long[] listByRow(int[] rows, long[] targets, long length) {
    return OwnLists.of(rows, byRow);
  }

  @Override
  public void form(RowBatch rows) {
    for (int i = 0; i < rows.size(); i++) {
      formRow(rows, i);
    }
  }

  private void formRow(RowBatch rows, int i) {
    double target = rows.lse(i) - rows.nll(i);
    double[] logs = new double[rows.listed()];
    double max = Double.NEGATIVE_INFINITY;
    int count = 0;
    for (int k = 0; k < logs.length; k++) {
      boolean counts = counts(rows, i, k);
      double d = rows.listed(i, k) - target;
      logs[k] = counts ? surrogate.log(d) / temperature : Double.NEGATIVE_INFINITY;
      max = Math.max(max, logs[k]);
      count += counts ? 1 : 0;
    }
    if (count == 0) {
      rows.set(i, 0, 0);
      return;
    }
    double sum = 0;
    for (double log : logs) {
      sum += Math.exp(log - max);
    }
    double slopes = 0;
    for (int k = 0; k < logs.length; k++) {
      if (counts(rows, i, k)) {
        double q = Math.exp(logs[k] - max) / sum;
        double slope = q * surrogate.slope(rows.listed(i, k) - target) / temperature;
        slopes += slope;
        rows.setListed(i, k, slope);
      }
    }
    // z_t = L - nll: the two parts cancel but for the target's entry
    rows.set(i, max + Math.log(sum / count), slopes, -slopes, 0);
  }

  private static boolean counts(RowBatch rows, int i, int k) {
    return rows.listedClass(i, k) >= 0
        && rows.listedClass(i, k) != rows.target(i)
        && rows.listed(i, k) != Double.NEGATIVE_INFINITY;
  }

  @Override
  public String toString() {
    return "pairwise softmax " + surrogate + " " + temperature;
  }
}
